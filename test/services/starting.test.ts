import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, readConfig } from '../../gateway/src/config.ts';
import { takeDataFolder } from '../../gateway/src/data-folder.ts';
import { makeLogger } from '../../gateway/src/http/index.ts';
import { openPayloads } from '../../gateway/src/payloads.ts';
import { madeBucket } from '../support/buckets.ts';
import { credentialsText, nameFor, sharedServices } from '../support/services.ts';
import { temporaryFolder } from '../unit/vault/sample.ts';

const root = temporaryFolder();
const { s3 } = sharedServices();
const owner = { network: 'demo-network', organisation: 'RiversideMSP' };
const folder = takeDataFolder(root, owner.organisation, owner.network);
afterAll(() => folder.release());

const file = (name: string, text: string, mode = 0o600) => {
  writeFileSync(join(root, name), text, { mode });
  return join(root, name);
};
const good = { S3_ENDPOINT: s3.endpoint, S3_CREDENTIALS_FILE: file('good', credentialsText(s3)) };
const wrong = { ...s3.credentials, secretAccessKey: 'wrong' };

function open(environment: Record<string, string>, who = owner) {
  return openPayloads(readConfig({ ...good, ...environment }), folder, who, makeLogger('silent'));
}

test('a bucket belongs to the first gateway that uses it, and to no other', async () => {
  const S3_BUCKET = await madeBucket(s3, nameFor(`${root} owned`));
  await open({ S3_BUCKET });
  await open({ S3_BUCKET });
  for (const other of [
    { ...owner, organisation: 'LakesideMSP' },
    { ...owner, network: 'another' },
  ]) {
    await expect(open({ S3_BUCKET }, other)).rejects.toThrow(/^S3_BUCKET: .* another gateway or data folder/);
  }
});

test('a second data folder of the same organisation, whose sweep would remove the first’s, is refused', async () => {
  const S3_BUCKET = await madeBucket(s3, nameFor(`${root} twice`));
  await open({ S3_BUCKET });
  const second = { ...folder, retrySecret: new Uint8Array(32) };
  const config = readConfig({ ...good, S3_BUCKET });
  await expect(openPayloads(config, second, owner, makeLogger('silent'))).rejects.toThrow(
    /^S3_BUCKET: .* another gateway or data folder/,
  );
});

test.each([
  ['a bucket that is not there', {}, /^S3_BUCKET: .*NoSuchBucket/],
  ['a server that is not there', { S3_ENDPOINT: 'http://127.0.0.1:9' }, /^S3_BUCKET: .*cannot be used/],
  [
    'a wrong secret',
    { S3_CREDENTIALS_FILE: file('wrong', credentialsText({ credentials: wrong })) },
    /^S3_BUCKET: .*SignatureDoesNotMatch/,
  ],
  ['no credentials', { S3_CREDENTIALS_FILE: '' }, /^S3_CREDENTIALS_FILE: goes with/],
  [
    'credentials that are missing',
    { S3_CREDENTIALS_FILE: join(root, 'none') },
    /^S3_CREDENTIALS_FILE: .*ENOENT/,
  ],
  [
    'credentials that others may read',
    { S3_CREDENTIALS_FILE: file('open', credentialsText(s3), 0o644) },
    /^S3_CREDENTIALS_FILE: .*chmod 600/,
  ],
  [
    'credentials that are none',
    { S3_CREDENTIALS_FILE: file('none.json', '{}') },
    /^S3_CREDENTIALS_FILE: .*JSON/,
  ],
])('%s stops the start with one line that names the setting', async (_, environment, says) => {
  const error = await open({ S3_BUCKET: 'no-such-bucket', ...environment }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  const { message } = error as ConfigError;
  expect(message).toMatch(says);
  expect(message).not.toMatch(/\n|wrong|chartkey"/);
});
