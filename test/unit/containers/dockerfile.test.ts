import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATEWAY_DATA, HOME, ports } from '../../../network/containers/places.ts';
import { readDockerfile, settingsOf } from '../../containers/dockerfile.ts';

const root = join(__dirname, '..', '..', '..');
const { stages } = readDockerfile(join(root, 'Dockerfile'));
const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  workspaces: string[];
};
const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
const copied = stages.flatMap(({ steps }) =>
  steps.flatMap(({ word, rest }) =>
    word === 'COPY' && !rest.startsWith('--') ? rest.split(' ').slice(0, -1) : [],
  ),
);

test('whatever the Dockerfile copies is there, and is sent to the builder', () => {
  expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  const sent = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const isSent = (path: string) => sent.some((one) => path === one || path.startsWith(`${one}/`));
  expect(copied.filter((path) => !isSent(path))).toEqual([]);
});

test('npm sees every workspace’s manifest, or it would refuse the lock file', () => {
  expect(copied).toEqual(expect.arrayContaining(workspaces.map((folder) => `${folder}/package.json`)));
});

test.each(['chaincode', 'gateway', 'setup'])(
  '%s runs as nobody in particular, with nothing to build with',
  (target) => {
    expect(settingsOf(stages, target).user).toBe('1000:1000');
    const { steps } = stages.find(({ name }) => name === target)!;
    expect(
      steps.filter(({ word, rest }) => word === 'RUN' || rest.includes('--from=build /chartkey ')).length,
    ).toBe(0);
  },
);

test('images listen, and are checked, where the consortium looks for them', () => {
  const gateway = settingsOf(stages, 'gateway');
  const { PORT, METRICS_PORT } = gateway.environment;
  expect([PORT, METRICS_PORT]).toEqual([String(ports.gateway), String(ports.metrics)]);
  expect(gateway.healthcheck?.join(' ')).toContain(`https://127.0.0.1:${ports.gateway}/health/ready`);
  const chaincode = settingsOf(stages, 'chaincode');
  expect(chaincode.command.join(' ')).toContain(`--chaincode-address 0.0.0.0:${ports.chaincode} `);
  expect(chaincode.command.join(' ')).toContain(`${HOME}/package-id`);
  expect(chaincode.healthcheck?.join(' ')).toContain(`connect(${ports.chaincode},`);
  expect(GATEWAY_DATA.startsWith(HOME)).toBe(false);
});
