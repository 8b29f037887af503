import { type ClientRequest, type IncomingMessage, request } from 'node:http';

/**
 * Begins an upload that the test writes to, ends or breaks off itself. The answer may come before the end;
 * it is undefined when the connection closed without one.
 */
export function beginUpload(
  url: string,
  headers: Record<string, string | number>,
): { outgoing: ClientRequest; answer: Promise<Response | undefined> } {
  const outgoing = request(url, { method: 'POST', headers });
  const answer = new Promise<Response | undefined>((resolve) => {
    outgoing.once('response', (incoming) => resolve(whole(incoming)));
    outgoing.once('close', () => resolve(undefined));
  });
  outgoing.on('error', () => undefined);
  return { outgoing, answer };
}

async function whole(incoming: IncomingMessage): Promise<Response> {
  const { statusCode: status = 0, headers } = incoming;
  return new Response(Buffer.concat(await incoming.toArray()), { status, headers: headers as HeadersInit });
}
