import { createECDH, hkdfSync } from 'node:crypto';
import { BackupUnreadable, makeOffer, Wallet, type WebKeys } from '@chartkey/client';
import { checkOffer } from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import { canonicalJson, digest, OFFER_SECONDS, parseCompactJws, thumbprint } from '@chartkey/vocabulary';
import { scannedOffer } from '../../../client/src/offer.ts';
import { keysOf, labelKeyOf } from '../../../client/src/wallet-keys.ts';

const network = `demo-${digest('network')}`;
const river = { network, custodian: 'RiversideMSP' };
const lake = { network, custodian: 'LakesideMSP' };
const passphrase = 'four words that nobody guesses';
const idsOf = ({ sig, enc }: WebKeys) => [sig.id, thumbprint(enc)];

describe('keys of a seed', () => {
  test('are the same whenever and wherever they are made', async () => {
    const seed = Uint8Array.from({ length: 32 }, (_, at) => at);
    const ids = idsOf(await keysOf(seed, { ...river, generation: 0 }));
    // Whoever changes how keys are derived loses every patient's: this vector never changes.
    expect(ids).toMatchInlineSnapshot(`
[
  "z6vW720w9f0SdBwlmjSfWqsByIJKqYM3shHlgj1RGbM",
  "CrqLioq22AJtiOEnrDNvg4DpUmhlZQ0xhqyDjIgAMCI",
]
`);
    expect(labelKeyOf(seed, river, 'RiversideMSP')).toMatchInlineSnapshot(
      `"LBWqwIwaUq6o-OMAmlnWrwwindvFyrmU8vCYHrHwKNg"`,
    );
  });

  test('are derived as the page of the wire says', async () => {
    const seed = Buffer.alloc(32, 7);
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const derived = (use: object, bytes: number) =>
      Buffer.from(hkdfSync('sha256', seed, 'chartkey-wallet/1', canonicalJson(use), bytes));
    const keys = await keysOf(seed, { ...river, generation: 3 });
    for (const [use, key] of [
      ['sig', keys.sig.publicKey],
      ['enc', keys.enc],
    ] as const) {
      const wide = BigInt(`0x${derived({ ...river, generation: 3, use }, 48).toString('hex')}`);
      const scalar = ((wide % (order - 1n)) + 1n).toString(16).padStart(64, '0');
      const pair = createECDH('prime256v1');
      pair.setPrivateKey(scalar, 'hex');
      expect(key).toMatchObject({ x: pair.getPublicKey().subarray(1, 33).toString('base64url') });
    }
    const label = derived({ ...river, at: 'LakesideMSP', use: 'labels' }, 32).toString('base64url');
    expect(labelKeyOf(seed, river, 'LakesideMSP')).toBe(label);
  });

  test('differ by use, custodian, network and generation', async () => {
    const seed = new Uint8Array(32);
    const places = [
      { ...river, generation: 0 },
      { ...lake, generation: 0 },
      { ...river, generation: 1 },
      { ...river, network: `demo-${digest('another')}`, generation: 0 },
    ];
    const ids = (await Promise.all(places.map(async (place) => idsOf(await keysOf(seed, place))))).flat();
    const labels = [labelKeyOf(seed, river, 'LakesideMSP'), labelKeyOf(seed, lake, 'LakesideMSP')];
    expect(new Set([...ids, ...labels]).size).toBe(10);
  });

  test('sign and agree as any others, and cannot leave WebCrypto', async () => {
    const wallet = Wallet.create();
    const { sig, enc, pairs } = await wallet.keysAt(river);
    const bytes = Buffer.from('signed');
    const signature = await sig.sign(bytes);
    expect(checks.verifies('ES256', sig.publicKey, 'signed', signature)).toBe(true);
    expect(pairs.sig.privateKey.extractable || pairs.enc.privateKey.extractable).toBe(false);
    const other = createECDH('prime256v1');
    const [x, y] = [other.generateKeys().subarray(1, 33), other.getPublicKey().subarray(33)];
    const { subtle } = globalThis.crypto;
    const ecdh = { name: 'ECDH', namedCurve: 'P-256' };
    const jwk = { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') };
    const theirs = await subtle.importKey('jwk', jwk, ecdh, true, []);
    const agreed = await subtle.deriveBits({ name: 'ECDH', public: theirs }, pairs.enc.privateKey, 256);
    const point = [4, ...Buffer.from(enc.x, 'base64url'), ...Buffer.from(enc.y, 'base64url')];
    expect(Buffer.from(agreed)).toEqual(other.computeSecret(Buffer.from(point)));
  });
});

describe('a wallet', () => {
  /** Sealing one backup takes about a second; they need not each seal their own. */
  const kept = { wallet: Wallet.create(), backup: '' };
  beforeAll(async () => {
    const { wallet } = kept;
    await wallet.keysAt(lake);
    await wallet.keysAt(river);
    wallet.renew(river);
    kept.backup = await wallet.backup(passphrase);
  });

  test('has a fresh id for each custodian, and keeps it when its keys are renewed', async () => {
    const wallet = Wallet.create();
    const [id, other] = [await wallet.idAt(river), await wallet.idAt(lake)];
    expect(other).not.toBe(id);
    const next = await wallet.nextKeysAt(river);
    expect((await wallet.keysAt(river)).sig.id).toBe(id);
    wallet.renew(river);
    expect((await wallet.keysAt(river)).sig.id).toBe(next.sig.id);
    expect(await wallet.idAt(river)).toBe(id);
    expect(wallet.places).toEqual([
      { ...river, generation: 1 },
      { ...lake, generation: 0 },
    ]);
  });

  test('is the same again from its backup: places, ids, keys', async () => {
    const again = await Wallet.restore(kept.backup, passphrase);
    const { wallet } = kept;
    expect(again.places).toEqual(wallet.places);
    for (const at of [river, lake]) {
      expect(idsOf(await again.keysAt(at))).toEqual(idsOf(await wallet.keysAt(at)));
      expect(await again.idAt(at)).toBe(await wallet.idAt(at));
    }
  });

  test('opens with its passphrase however a keyboard composes it, and with no other', async () => {
    const backup = await Wallet.create().backup('Zürich im Winter');
    await expect(Wallet.restore(backup, 'Zu\u0308rich im Winter')).resolves.toBeInstanceOf(Wallet);
    await expect(Wallet.restore(backup, 'Zurich im Winter')).rejects.toBeInstanceOf(BackupUnreadable);
  });

  test('is not restored from a backup that was changed, or from none', async () => {
    const backup = JSON.parse(kept.backup);
    const flipped = (text: string) => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
    const spoilt = [
      ...['iv', 'salt', 'sealed'].map((part) => canonicalJson({ ...backup, [part]: flipped(backup[part]) })),
      canonicalJson({ ...backup, format: 'chartkey-wallet-backup/2' }),
      canonicalJson({ ...backup, N: 2 }),
      canonicalJson({ ...backup, iv: '' }),
      '{}',
      'not JSON',
    ];
    for (const text of spoilt) {
      await expect(Wallet.restore(text, passphrase)).rejects.toBeInstanceOf(BackupUnreadable);
    }
  });

  test('is sealed under no short passphrase', async () => {
    await expect(Wallet.create().backup('12 signs is')).rejects.toBeInstanceOf(TypeError);
  });

  test('says nothing of its seed in a backup', async () => {
    const { wallet, backup } = kept;
    const { pairs: _pairs, sig } = await wallet.keysAt(river);
    for (const word of [sig.id, river.custodian, network]) expect(backup).not.toContain(word);
  });
});

describe('an offer', () => {
  let now = Date.now();
  const gateway = { network, organisation: 'RiversideMSP', calls: { now: () => now } } as never;
  const expected = () => ({ network, custodian: 'RiversideMSP', time: now, checks });
  const made = async (keys: WebKeys) => scannedOffer((await makeOffer(gateway, keys)).text).offer;
  const codeOf = (offer: string, change: object = {}) => {
    try {
      checkOffer(offer, { ...expected(), ...change });
      return 'taken';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  let keys: WebKeys;
  beforeAll(async () => {
    keys = await Wallet.create().keysAt(river);
  });
  beforeEach(() => {
    now = Date.now();
  });

  test('names the patient and its keys to one custodian of one network', async () => {
    const offer = await made(keys);
    expect(checkOffer(offer, expected())).toMatchObject({ iss: keys.sig.id, enc: keys.enc });
    expect(codeOf(offer, { custodian: 'LakesideMSP' })).toBe('OFFER_INVALID');
    expect(codeOf(offer, { network: `demo-${digest('another')}` })).toBe('OFFER_INVALID');
  });

  test('dies after ten minutes, and is not believed before its time', async () => {
    const offer = await made(keys);
    const { iat } = JSON.parse(parseCompactJws(offer).payload);
    const at = (seconds: number) => codeOf(offer, { time: (iat + seconds) * 1000 });
    expect([at(-61), at(-60), at(OFFER_SECONDS), at(OFFER_SECONDS + 1)]).toEqual([
      'OFFER_INVALID',
      'taken',
      'taken',
      'OFFER_EXPIRED',
    ]);
  });

  test('that somebody changed or signed in another’s place is none', async () => {
    const [head = '', body = '', signature = ''] = (await made(keys)).split('.');
    const other = (await made(await Wallet.create().keysAt(river))).split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    const encoded = (value: object) => Buffer.from(canonicalJson(value)).toString('base64url');
    const spoilt = [
      [head, encoded({ ...claims, exp: claims.exp + 60 }), signature],
      [head, encoded({ ...claims, note: 'x' }), signature],
      [head, body, other[2]],
      [other[0], body, signature],
      [head, body],
      [''],
    ];
    for (const parts of spoilt) expect(codeOf(parts.join('.'))).toBe('OFFER_INVALID');
  });

  test('is told from what else a desk may scan', () => {
    expect(() => scannedOffer('https://example.org')).toThrow(TypeError);
    expect(scannedOffer('chartkey:a.b.c~d.e.f')).toEqual({ offer: 'a.b.c', enrolment: 'd.e.f' });
  });
});
