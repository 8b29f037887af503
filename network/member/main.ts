import { asMember } from './steps.ts';
import { inWords } from './words.ts';

asMember(process.argv.slice(2), process.env).then(
  (text) => process.stdout.write(`${text}\n`),
  (error: Error) => {
    process.stderr.write(`${inWords(error)}\n`);
    process.exit(1);
  },
);
