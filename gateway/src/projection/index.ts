// What the ledger's blocks say, in tables that lists are read from.
export { BlockIndex } from './block-index.ts';
export { AheadOfLedger, Follower, type FollowerOptions } from './follower.ts';
export { Lists, type PageRequest } from './lists.ts';
export type { ArrivedBlock, Sink } from './sink.ts';
