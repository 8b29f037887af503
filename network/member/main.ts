import { Failure } from '@chartkey/vocabulary';
import { asMember } from './steps.ts';

asMember(process.argv.slice(2), process.env).then(
  (text) => process.stdout.write(`${text}\n`),
  (error: Error) => {
    process.stderr.write(`${error instanceof Failure ? `${error.code}: ` : ''}${error.message}\n`);
    process.exit(1);
  },
);
