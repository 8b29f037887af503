import { readConfig } from '../../../gateway/src/config.ts';
import type { Pinned } from '../../../gateway/src/pinned.ts';
import { metricsPlaceOf, placeOf } from '../../../gateway/src/place.ts';

const pinned = (url: string, demo: boolean) =>
  ({ signed: { genesis: { demo, ledger: 'embedded' } }, organisation: { id: 'AMSP', url } }) as Pinned;
const demo = pinned('http://127.0.0.1:7001', true);
const real = pinned('https://a.example', false);

test('a demo network’s gateway listens where its genesis document says', () => {
  const place = placeOf(readConfig({}), demo);
  expect(place).toEqual({ host: '127.0.0.1', port: 7001, ledger: 'embedded' });
  expect(metricsPlaceOf(readConfig({}), place).port).toBe(7101);
});

test('another port or a public address is refused in a demo network', () => {
  expect(() => placeOf(readConfig({ PORT: '7002' }), demo)).toThrow(/^PORT: .*7001/);
  expect(() => placeOf(readConfig({ HOST: '0.0.0.0' }), demo)).toThrow(/^HOST: .*loopback/);
  expect(() => placeOf(readConfig({ METRICS_HOST: '0.0.0.0' }), demo)).toThrow(/^METRICS_HOST: .*loopback/);
  expect(() => placeOf(readConfig({ HOST: '127.0.0.2' }), demo)).not.toThrow();
});

test('outside a demo a gateway may stand behind another port', () => {
  expect(placeOf(readConfig({}), real).port).toBe(443);
  const behind = { PORT: '8443', HOST: '0.0.0.0', TRUSTED_PROXIES: '10.0.0.0/8' };
  expect(placeOf(readConfig(behind), real)).toMatchObject({ port: 8443, host: '0.0.0.0' });
});

test('outside a demo network plain HTTP is for loopback and named proxies only', () => {
  expect(() => placeOf(readConfig({ HOST: '0.0.0.0' }), real)).toThrow(/^TLS_CERTIFICATE: .*TRUSTED_PROXIES/);
  expect(() => placeOf(readConfig({ HOST: '10.1.2.3' }), real)).toThrow(/^TLS_CERTIFICATE: /);
  expect(() => placeOf(readConfig({ HOST: '::1' }), real)).not.toThrow();
});

test('a certificate goes with its key', () => {
  expect(() => placeOf(readConfig({ TLS_CERTIFICATE: '/nowhere' }), real)).toThrow(/^TLS_KEY: /);
  expect(() => placeOf(readConfig({ TLS_KEY: '/nowhere' }), real)).toThrow(/^TLS_CERTIFICATE: /);
});
