/** Hands a text or a file to the browser to be saved. */
export function save(name: string, content: BlobPart, type: string) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun reading by the next turn of its loop; only then may the address go.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
