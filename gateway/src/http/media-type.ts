/** A media type taken apart: lower-case type and subtype, and its parameters by lower-case name. */
interface MediaType {
  essence: string;
  parameters: Map<string, string>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const quoted = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\t \\x21-\\x7e])*"';
const grammar = new RegExp(`^(${token}/${token})((?:[ \\t]*;[ \\t]*${token}=(?:${token}|${quoted}))*)$`);
const parameter = new RegExp(`;[ \\t]*(${token})=(${token}|${quoted})`, 'g');

/** A Content-Type value (RFC 9110 section 8.3.1), at most 255 ASCII characters; undefined for any other text. */
export function parseMediaType(text: string): MediaType | undefined {
  const found = text.length <= 255 ? grammar.exec(text) : null;
  if (!found?.[1]) return undefined;
  const parameters = new Map<string, string>();
  for (const [, name = '', value = ''] of (found[2] ?? '').matchAll(parameter)) {
    const key = name.toLowerCase();
    if (parameters.has(key)) return undefined;
    parameters.set(key, value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value);
  }
  return { essence: found[1].toLowerCase(), parameters };
}

/** Whether a Content-Type names this media type, in UTF-8 when it names a charset, and nothing more. */
export function isMediaType(text: string | undefined, essence: string): boolean {
  const parsed = parseMediaType(text ?? '');
  if (parsed?.essence !== essence) return false;
  return [...parsed.parameters].every(
    ([name, value]) => name === 'charset' && value.toLowerCase() === 'utf-8',
  );
}
