const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What the chaincode answered. @throws SyntaxError, TypeError when it is not JSON in UTF-8 */
export function parsed(answer: Uint8Array): unknown {
  return JSON.parse(utf8.decode(answer));
}
