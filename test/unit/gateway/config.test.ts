import { ConfigError, helpText, readConfig } from '../../../gateway/src/config.ts';

const refusalOf = (environment: Record<string, string>) => {
  try {
    readConfig(environment);
  } catch (error) {
    return error;
  }
  throw new Error('nothing was refused');
};

test('an empty environment is a gateway on a laptop', () => {
  const config = readConfig({});
  expect(config.ORGANISATION).toBe('RiversideMSP');
  expect(config.HOST).toBe('127.0.0.1');
  expect(config.PORT).toBeUndefined();
  expect(config.MAX_UPLOAD_BYTES).toBe(4 * 1024 ** 3);
  expect(config.APP_ORIGINS).toEqual([]);
});

test('paths follow the data folder and the organisation', () => {
  const config = readConfig({ DATA_DIR: '/srv/chartkey', ORGANISATION: 'LakesideMSP' });
  expect(config.GENESIS_FILE).toBe('/srv/chartkey/genesis.json');
  expect(config.VAULT_KEY_DIR).toBe('/srv/chartkey/organisations/LakesideMSP/keys');
  expect(readConfig({ VAULT_KEY_DIR: '/etc/keys' }).VAULT_KEY_DIR).toBe('/etc/keys');
});

test('an empty variable is an unset one', () => {
  expect(readConfig({ PORT: '', IN_FLIGHT: '' }).IN_FLIGHT).toBe(4);
});

test.each([
  ['ORGANISATION', 'a b'],
  ['LEDGER_ENDPOINT', 'localhost'],
  ['PORT', 'abc'],
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['HOST', 'localhost'],
  ['MAX_UPLOAD_BYTES', '4 GiB'],
  ['MAX_UPLOAD_BYTES', '0'],
  ['IN_FLIGHT', '1e3'],
  ['APP_ORIGINS', 'https://app.example/path'],
  ['TRUSTED_PROXIES', 'everyone'],
  ['LOG_LEVEL', 'loud'],
])('a bad %s stops the start with one line that names it', (name, value) => {
  const error = refusalOf({ [name]: value });
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).message).toMatch(new RegExp(`^${name}: .*give `));
  expect((error as ConfigError).message).not.toContain('\n');
});

test('lists are read item by item', () => {
  const { APP_ORIGINS } = readConfig({ APP_ORIGINS: 'https://a.example, http://127.0.0.1:8080,' });
  expect(APP_ORIGINS).toEqual(['https://a.example', 'http://127.0.0.1:8080']);
});

test('the help names every setting with its default', () => {
  const help = helpText();
  for (const name of Object.keys(readConfig({}))) expect(help).toContain(`\n  ${name}`);
  expect(help).toContain('GENESIS_FILE [<DATA_DIR>/genesis.json]');
  expect(help).toContain('\n  PORT\n');
});
