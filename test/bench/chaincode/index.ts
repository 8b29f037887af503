import { Assets } from './assets.ts';
import { Looks } from './looks.ts';
import { Nothing } from './nothing.ts';

export const contracts = [Nothing, Assets, Looks];
