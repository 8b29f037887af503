// The HTTP side, for whoever starts a gateway.
export { makeApp } from './app.ts';
export { refusingCrowds } from './crowds.ts';
export { exitAfter, makeLogger } from './log.ts';
export { metricsApp } from './metrics-app.ts';
export { type Listening, listen, type Place } from './serve.ts';
export { type HttpSettings, httpDefaults } from './settings.ts';
