//! The product is one static-pie executable that needs nothing of the machine but its kernel.

use std::process::Command;

use super::support::binary;

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()))
}

/// The (type, file offset, file size) of each program header of an ELF64 file.
fn program_headers(elf: &[u8]) -> Vec<(u32, usize, usize)> {
    let start = usize::try_from(u64_at(elf, 32)).unwrap();
    let (size, n) = (u16_at(elf, 54), u16_at(elf, 56));
    (0..n)
        .map(|i| start + i * size)
        .map(|at| {
            let kind = u32::from_le_bytes(elf[at..at + 4].try_into().unwrap());
            (kind, usize::try_from(u64_at(elf, at + 8)).unwrap(), usize::try_from(u64_at(elf, at + 32)).unwrap())
        })
        .collect()
}

#[test]
fn the_binary_is_position_independent_and_has_no_needed_entry_and_no_interpreter() {
    const ET_DYN: usize = 3;
    const PT_DYNAMIC: u32 = 2;
    const PT_INTERP: u32 = 3;
    const DT_NEEDED: u64 = 1;
    let elf = std::fs::read(binary()).unwrap();
    assert_eq!(&elf[..4], b"\x7fELF");
    assert_eq!(u16_at(&elf, 16), ET_DYN, "position independent");
    let headers = program_headers(&elf);
    assert!(headers.iter().all(|(kind, ..)| *kind != PT_INTERP), "no dynamic loader is asked for");
    let needed = headers
        .iter()
        .filter(|(kind, ..)| *kind == PT_DYNAMIC)
        .flat_map(|(_, offset, size)| elf[*offset..offset + size].chunks_exact(16))
        .filter(|entry| u64_at(entry, 0) == DT_NEEDED)
        .count();
    assert_eq!(needed, 0, "no shared library is needed");
}

#[test]
fn ldd_says_statically_linked() {
    let output = Command::new("ldd").arg(binary()).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("statically linked"), "{text}");
}
