import { Shim } from 'fabric-shim';

/** fabric-shim 2.5.8's own loggers, by the names that its files give them. */
const LOGGERS = [
  ...['lib/handler.js', 'lib/stub.js', 'lib/iterators.js', 'lib/chaincode.js', 'lib/server.js'],
  ...['contracts-spi/chaincodefromcontract.js', 'contracts-spi/datamarshall.js'],
];
const LEVELS = ['debug', 'verbose', 'info', 'warn'];

interface WinstonLogger {
  isLevelEnabled(level: string): boolean;
  [level: string]: unknown;
}

/**
 * Levels that are not printed cost nothing. The shim's loggers format each line, with time and colours, before
 * they learn that nobody wants it: a quarter of a chaincode process's time.
 */
export function quietShim(): void {
  for (const name of LOGGERS) {
    const logger = Shim.newLogger(name) as unknown as WinstonLogger;
    for (const level of LEVELS) {
      if (!logger.isLevelEnabled(level)) logger[level] = () => logger;
    }
  }
}
