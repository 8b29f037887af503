export type Json = Record<string, unknown>;

/** An answer with its body read; `cut` when the connection broke before the body's end. */
export interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
  cut: boolean;
  /** the body's members, when it is JSON */
  json: Json;
  /** the ledger's entry that the answer names, granted or refused */
  access: string;
  code: string;
}

/** Sends a request and reads its answer to the end, or to where it was cut. */
export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await fetch(url, { redirect: 'error', ...init });
  const parts: Uint8Array[] = [];
  let cut = false;
  try {
    for await (const part of answer.body ?? []) parts.push(part as Uint8Array);
  } catch {
    cut = true;
  }
  const bytes = Buffer.concat(parts);
  const isJson = /json/.test(answer.headers.get('Content-Type') ?? '');
  const json = (isJson && !cut ? JSON.parse(bytes.toString() || '{}') : {}) as Json;
  const access = answer.headers.get('Access-Id') ?? String(json['access'] ?? '');
  const code = String(json['code'] ?? '');
  return { status: answer.status, headers: answer.headers, bytes, cut, json, access, code };
}

/** Reads a list to its end; a page that cannot be had yet (the index is behind) is asked for again. */
export async function pagesOf(page: (query: string) => Promise<Answer>): Promise<Json[]> {
  const items: Json[] = [];
  for (let query = '', tries = 0; ; ) {
    const { status, json, code } = await page(query);
    if (status === 503 && tries < 100) {
      tries += 1;
      await new Promise((wake) => setTimeout(wake, 50));
      continue;
    }
    if (status !== 200) throw new Error(`no page: ${status} ${code}`);
    items.push(...(json['items'] as Json[]));
    if (json['next'] === undefined) return items;
    query = `?cursor=${encodeURIComponent(String(json['next']))}`;
  }
}

export function statementInit(text: string): RequestInit {
  return { method: 'POST', headers: { 'Content-Type': 'application/jose' }, body: text };
}

export function sendStatement(url: string, text: string): Promise<Answer> {
  return ask(`${url}/v1/statements`, statementInit(text));
}

/** The body of an accepted statement. @throws Error when it was not accepted */
export function accepted({ status, json }: Answer): Json {
  if (status === 201 || status === 200) return json;
  throw new Error(`not accepted: ${status} ${JSON.stringify(json)}`);
}

/** An accepted statement's outcome: each receipt over it is its own gateway's, and signed anew. */
export function withoutReceipt({ receipt: _, ...outcome }: Json): Json {
  return outcome;
}
