// A mail server on loopback that refuses or takes what it is sent, and keeps it.
import { createServer } from 'node:net';

export class MailServer {
  static async start() {
    const own = new MailServer();
    own.refuses = false;
    own.letters = [];
    own.server = createServer((socket) => own.talk(socket));
    await new Promise((ready) => own.server.listen(0, '127.0.0.1', ready));
    own.port = own.server.address().port;
    return own;
  }

  talk(socket) {
    const say = (line) => socket.write(`${line}\r\n`);
    let letter = null;
    let rest = '';
    say('220 test');
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      rest += bytes;
      for (;;) {
        const end = rest.indexOf('\r\n');
        if (end < 0) return;
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (letter !== null) {
          if (line !== '.') letter.push(line);
          else {
            this.letters.push(letter.join('\n'));
            letter = null;
            say('250 kept');
          }
        } else if (/^RCPT/i.test(line)) say(this.refuses ? '550 nobody of that name' : '250 ok');
        else if (/^DATA/i.test(line)) {
          letter = [];
          say('354 go on');
        } else if (/^QUIT/i.test(line)) say('221 bye');
        else say('250 ok');
      }
    });
  }

  end() {
    this.server.close();
  }
}
