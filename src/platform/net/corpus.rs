//! URLs that no untrusted party may have us call. The guard's own table and the tests from outside read the same list.

/// URLs that can be read and whose address is internal.
#[rustfmt::skip]
pub(super) const INTERNAL: &[&str] = &[
    "http://127.0.0.1/", "http://127.0.0.2/", "http://127.1.2.3/", "http://127.255.255.255/", "http://0.0.0.0/", "http://0.0.0.1/",
    "http://0.255.255.255/", "http://10.0.0.0/", "http://10.0.0.1/", "http://10.1.2.3/", "http://10.255.255.255/", "http://100.64.0.1/",
    "http://100.64.255.1/", "http://100.100.100.200/", "http://100.127.255.255/", "http://169.254.0.1/", "http://169.254.169.254/",
    "http://169.254.170.2/", "http://169.254.170.23/", "http://169.254.255.255/", "http://172.16.0.1/", "http://172.16.255.255/",
    "http://172.17.0.1/", "http://172.20.1.1/", "http://172.31.255.255/", "http://192.0.0.1/", "http://192.0.0.8/",
    "http://192.0.0.170/", "http://192.0.0.192/", "http://192.0.0.255/", "http://192.0.2.1/", "http://192.31.196.1/",
    "http://192.52.193.1/", "http://192.88.99.1/", "http://192.168.0.1/", "http://192.168.1.1/", "http://192.168.122.1/",
    "http://192.168.255.255/", "http://192.175.48.1/", "http://198.18.0.1/", "http://198.19.255.255/", "http://198.51.100.7/",
    "http://203.0.113.42/", "http://224.0.0.1/", "http://224.0.0.251/", "http://232.1.1.1/", "http://239.255.255.250/",
    "http://239.255.255.255/", "http://240.0.0.1/", "http://250.1.1.1/", "http://255.255.255.254/", "http://255.255.255.255/",
    "http://[::]/", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::2]/", "http://[::7f00:1]/", "http://[::127.0.0.1]/",
    "http://[::10.0.0.1]/", "http://[::8.8.8.8]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::ffff:10.0.0.1]/",
    "http://[::ffff:192.168.1.1]/", "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/", "http://[::ffff:8.8.8.8]/",
    "http://[::ffff:0:127.0.0.1]/", "http://[::ffff:0:8.8.8.8]/", "http://[::ffff:0:a00:1]/", "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b::10.0.0.1]/", "http://[64:ff9b::8.8.8.8]/", "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::1]/", "http://[64:ff9b:1:ffff::10.0.0.1]/", "http://[100::1]/", "http://[2001::1]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "http://[2001:2::1]/", "http://[2001:10::1]/", "http://[2001:20::1]/",
    "http://[2001:1ff:ffff::1]/", "http://[2001:db8::1]/", "http://[2001:db8:1:2::3]/", "http://[2002::1]/", "http://[2002:7f00:1::1]/",
    "http://[2002:a00:1::]/", "http://[2002:c0a8:101::1]/", "http://[2002:808:808::1]/", "http://[2002:a9fe:a9fe::1]/",
    "http://[2620:4f:8000::1]/", "http://[3fff::1]/", "http://[3fff:fff::1]/", "http://[4000::1]/", "http://[5f00::1]/",
    "http://[8000::1]/", "http://[c000::1]/", "http://[fc00::1]/", "http://[fc00:1234::1]/", "http://[fd00::1]/",
    "http://[fd00:ec2::254]/", "http://[fd12:3456:789a::1]/", "http://[fdff:ffff::1]/", "http://[fe00::1]/", "http://[fe80::1]/",
    "http://[fe80::a:b]/", "http://[febf::1]/", "http://[fec0::1]/", "http://[feff::1]/", "http://[ff00::1]/", "http://[ff01::1]/",
    "http://10.96.0.1/", "http://172.18.0.1/", "http://192.168.49.1/", "http://169.254.1.1:8080/", "http://127.0.0.53:1024/",
    "https://127.0.0.1:8443/", "https://[::1]:8443/", "https://169.254.169.254/latest/meta-data/", "https://10.0.0.1/x?y=z",
    "http://192.168.0.0/", "http://172.16.0.0/", "http://[fd00:ec2::253]/", "http://[fe80::ffff]/", "http://[::ffff:100.100.100.200]/",
    "http://[ff02::1]/", "http://[ff02::fb]/", "http://[ff05::1:3]/", "http://[ff0e::1]/", "http://[ffff::1]/",
];

/// URLs that different programs read differently, or that are none of ours.
#[rustfmt::skip]
pub(super) const UNREADABLE: &[&str] = &[
    "http://2130706433/", "http://3232235777/", "http://017700000001/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0x7f.1/",
    "http://0177.0.0.1/", "http://0177.1/", "http://127.1/", "http://127.0.1/", "http://10.1/", "http://1/", "http://0/",
    "http://00000000000.1/", "http://127.0.0.01/", "http://127.000.000.001/", "http://192.168.0x1.1/", "http://192.168.1.257/",
    "http://256.256.256.256/", "http://1.2.3.4.5/", "http://127.0.0.1./", "http://10.0.0.1./", "http://2130706433./",
    "http://0x7f000001./", "http://0xA9FEA9FE/", "http://0251.0376.0251.0376/", "http://2852039166/", "http://169.254.43518/",
    "http://127.0x1/", "http://a.0x1/", "http://example.123/", "http://foo.0/", "http://127。0。0。1/", "http://127．0．0．1/",
    "http://127｡0｡0｡1/", "http://１２７.0.0.1/", "http://①②⑦.0.0.1/", "http://ⓔxample.com/", "http://exämple.com/", "http://localhost。/",
    "http://user@example.com/", "http://user:pw@example.com/", "http://example.com@127.0.0.1/", "http://127.0.0.1@example.com/",
    "http://:@example.com/", "http://a%40b@example.com/", "http://example.com\\@127.0.0.1/", "http:\\\\127.0.0.1\\", "http:/127.0.0.1/",
    "http:127.0.0.1", "//127.0.0.1/", "127.0.0.1", "localhost", "/etc/passwd", "http://", "https://", "http:///", "http://?x",
    "http://#x", "file:///etc/passwd", "file://127.0.0.1/x", "gopher://127.0.0.1:70/_x", "ftp://example.com/",
    "dict://example.com:2628/", "ldap://example.com/", "tftp://example.com/", "ssh://example.com/", "javascript:alert(1)",
    "data:text/plain,x", "unix:///run/x.sock", "http+unix://%2Frun%2Fx/", "ws://example.com/", "wss://example.com/",
    "jar:http://example.com!/", "about:blank", "http://[::1/", "http://::1/", "http://[]/", "http://[::g]/", "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/", "http://[v1.a]/", "http://[127.0.0.1]/", "http://[::1]x/", "http://[1:2]/", "http://.example.com/",
    "http://example..com/", "http://-example.com/", "http://example-.com/", "http://exa!mple.com/", "http://exa*mple.com/",
    "http://%6c%6f%63alhost/", "http://127.0.0.1%2f@example.com/", "http://example.com:/", "http://example.com:0/",
    "http://example.com:65536/", "http://example.com:99999/", "http://example.com:+80/", "http://example.com:80:80/",
    "http://example.com:8a/", "http://example.com:-1/",
    "http://exam ple.com/", " http://example.com/", "http://example.com/ x", "http://example.com/\r\nX: y", "http://example.com/\t",
    "http://example.com/\u{0}", "http://127.0.0.1\u{a0}/", "\u{feff}http://example.com/", "http://example.com\u{2044}x/",
];

/// Ports of services that speak other protocols.
#[rustfmt::skip]
pub(super) const BAD_PORTS: &[&str] = &[
    "http://example.com:1/", "http://example.com:7/", "http://example.com:20/", "http://example.com:21/", "http://example.com:22/",
    "http://example.com:23/", "http://example.com:25/", "http://example.com:53/", "http://example.com:69/", "http://example.com:79/",
    "http://example.com:81/", "http://example.com:110/", "http://example.com:111/", "http://example.com:123/", "http://example.com:135/",
    "http://example.com:137/", "http://example.com:139/", "http://example.com:143/", "http://example.com:161/",
    "http://example.com:389/", "http://example.com:442/", "http://example.com:444/", "http://example.com:445/",
    "http://example.com:465/", "http://example.com:512/", "http://example.com:514/", "http://example.com:587/",
    "http://example.com:631/", "http://example.com:636/", "http://example.com:873/", "http://example.com:993/",
    "http://example.com:995/", "http://example.com:1023/",
];
