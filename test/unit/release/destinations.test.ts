import { reachOf } from '../../../gateway/src/release/addresses.ts';
import { DestinationRefused, Destinations } from '../../../gateway/src/release/destinations.ts';
import { TestConsortium } from './consortium.ts';

const roots = ['AAAA'];

/** A network where Riverside is registered at a URL; the others at names. */
function destinations(url: string, options: { demo?: boolean; addresses?: string[]; pinned?: boolean } = {}) {
  const { demo = false, addresses = ['8.8.8.8'], pinned = true } = options;
  const urls = {
    RiversideMSP: url,
    LakesideMSP: 'https://lakeside.example',
    InsurerMSP: 'https://insurer.example',
  };
  const { genesis } = new TestConsortium(urls, { demo });
  if (pinned) for (const member of genesis.organisations) Object.assign(member, { tlsRoots: roots });
  return new Destinations(genesis, async () => addresses.map((address) => ({ address, family: 4 })));
}

const registered = 'https://riverside.example:8443/gateway';

test.each([
  'https://riverside.example:8443/gateway/v1/releases',
  `https://riverside.example:8443/gateway/v1/releases/${'0'.repeat(64)}:0/sealed`,
])('%s may be called', (url) => {
  expect(destinations(registered).at(url)).toMatchObject({
    organisation: 'RiversideMSP',
    host: 'riverside.example',
    port: 8443,
  });
});

/** Ways to write a URL that another reader might take for the registered one, or for an inner host. */
test.each([
  '',
  'riverside.example',
  '//riverside.example:8443/gateway/v1',
  'http://riverside.example:8443/gateway/v1',
  'ftp://riverside.example:8443/gateway/v1',
  'file:///etc/passwd',
  'gopher://riverside.example:8443/gateway/v1',
  'javascript:alert(1)',
  'data:text/plain,x',
  'https://riverside.example/gateway/v1',
  'https://riverside.example:443/gateway/v1',
  'https://riverside.example:8444/gateway/v1',
  'https://riverside.example:84430/gateway/v1',
  'https://riverside.example:8443',
  'https://riverside.example:8443/',
  'https://riverside.example:8443/gateway',
  'https://riverside.example:8443/gatewayv1',
  'https://riverside.example:8443/Gateway/v1',
  'https://riverside.example:8443/gateway/../admin',
  'https://riverside.example:8443/gateway/%2e%2e/admin',
  'https://riverside.example:8443/gateway/.%2E/admin',
  'https://riverside.example:8443\\gateway\\v1',
  'https://riverside.example:8443/gateway/v1?to=http://10.0.0.1',
  'https://riverside.example:8443/gateway/v1#a',
  'https://riverside.example:8443/gateway/v1 ',
  ' https://riverside.example:8443/gateway/v1',
  'https://riverside.example:8443/gateway/v\t1',
  'https://riverside.example:8443/gateway/v1\r\nHost: x',
  'HTTPS://riverside.example:8443/gateway/v1',
  'https://RIVERSIDE.example:8443/gateway/v1',
  'https://riverside.example.:8443/gateway/v1',
  'https://riverside.example:08443/gateway/v1',
  'https://user@riverside.example:8443/gateway/v1',
  'https://user:secret@riverside.example:8443/gateway/v1',
  'https://riverside.example:8443@evil.example/gateway/v1',
  'https://riverside.example:8443%2f@evil.example/gateway/v1',
  'https://evil.example/https://riverside.example:8443/gateway/v1',
  'https://evil.example#@riverside.example:8443/gateway/v1',
  'https://evil.example\\@riverside.example:8443/gateway/v1',
  'https://riverside.example.evil.example:8443/gateway/v1',
  'https://evil-riverside.example:8443/gateway/v1',
  'https://riverside。example:8443/gateway/v1',
  'https://riversıde.example:8443/gateway/v1',
  'https://ⓡiverside.example:8443/gateway/v1',
  'https://riverside.example\u0000.evil.example/gateway/v1',
  'https:riverside.example:8443/gateway/v1',
  'https:///riverside.example:8443/gateway/v1',
  'https://127.0.0.1/v1',
  'https://127.1/v1',
  'https://0x7f000001/v1',
  'https://2130706433/v1',
  'https://017700000001/v1',
  'https://0/v1',
  'https://localhost/v1',
  'https://[::1]/v1',
  'https://[::ffff:127.0.0.1]/v1',
  'https://[::ffff:7f00:1]/v1',
  'https://[fe80::1%25eth0]/v1',
  'https://[64:ff9b::a9fe:a9fe]/v1',
  'https://169.254.169.254/latest/meta-data/',
  'https://metadata.google.internal/v1',
  'https://10.0.0.1/v1',
  'https://192.168.0.1/v1',
  'https://127.0.0.1.nip.io/v1',
])('%j may not be called', (url) => {
  expect(() => destinations(registered).at(url)).toThrow(DestinationRefused);
});

test.each([
  'http://riverside.example',
  'https://127.0.0.1',
  'https://127.1',
  'https://0x7f.1',
  'https://2130706433',
  'https://0',
  'https://0.0.0.0',
  'https://169.254.169.254',
  'https://224.0.0.1',
  'https://255.255.255.255',
])('outside a demo network a member registered at %s is not called', (url) => {
  expect(() => destinations(url).of('RiversideMSP')).toThrow(DestinationRefused);
});

test('outside a demo network a member without pinned roots is not called', () => {
  expect(() => destinations(registered, { pinned: false }).of('RiversideMSP')).toThrow(DestinationRefused);
});

test('a private address is called only where every member signed it in figures', async () => {
  expect(destinations('https://10.1.2.3').of('RiversideMSP').host).toBe('10.1.2.3');
  const named = destinations(registered, { addresses: ['10.1.2.3'] });
  await expect(named.addressOf(named.of('RiversideMSP'))).rejects.toThrow(DestinationRefused);
});

test('a demo network is called on loopback, in plain http there only', async () => {
  expect(destinations('http://127.0.0.1:7001', { demo: true }).of('RiversideMSP').port).toBe(7001);
  expect(() => destinations('http://10.0.0.1', { demo: true }).of('RiversideMSP')).toThrow(
    DestinationRefused,
  );
  expect(() => destinations('http://8.8.8.8', { demo: true }).of('RiversideMSP')).toThrow(DestinationRefused);
  const named = destinations('http://riverside.example', { demo: true, addresses: ['8.8.8.8'] });
  await expect(named.addressOf(named.of('RiversideMSP'))).rejects.toThrow(DestinationRefused);
});

test.each([
  [['127.0.0.1']],
  [['8.8.8.8', '10.0.0.1']],
  [['169.254.169.254']],
  [['::1']],
  [['::ffff:8.8.8.8']],
  [[]],
])('a name that resolves to %j is refused whole', async (addresses) => {
  const named = destinations(registered, { addresses });
  await expect(named.addressOf(named.of('RiversideMSP'))).rejects.toThrow(DestinationRefused);
});

test.each([
  ['8.8.8.8', 'public'],
  ['2606:4700::1111', 'public'],
  ['127.8.9.1', 'loopback'],
  ['::1', 'loopback'],
  ['10.9.9.9', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.0', 'public'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['fd00::1', 'private'],
  ['0.0.0.0', 'special'],
  ['169.254.169.254', 'special'],
  ['198.18.0.1', 'special'],
  ['192.0.2.1', 'special'],
  ['239.1.1.1', 'special'],
  ['255.255.255.255', 'special'],
  ['::', 'special'],
  ['fe80::1', 'special'],
  ['fe80::1%eth0', 'special'],
  ['fec0::1', 'special'],
  ['ff02::1', 'special'],
  ['::ffff:127.0.0.1', 'special'],
  ['::127.0.0.1', 'special'],
  ['64:ff9b::7f00:1', 'special'],
  ['2002:7f00:1::', 'special'],
  ['2001::1', 'special'],
  ['2001:db8::1', 'special'],
  ['0x7f.1', 'special'],
  ['localhost', 'special'],
])('%s is %s', (address, reach) => {
  expect(reachOf(address)).toBe(reach);
});
