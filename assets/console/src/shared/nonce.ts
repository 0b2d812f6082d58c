/** The nonce of this page: styles that parts of the console write at run time carry it, else the browser refuses them. */
export function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
}
