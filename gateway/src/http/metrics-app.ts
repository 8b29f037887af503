import type { Express } from 'express';
import type { Metrics } from '../metrics.ts';
import { bareApp, closeWithProblems } from './app.ts';
import type { HttpSettings } from './settings.ts';

/** The Prometheus page, for a port of its own that only the operator reaches. */
export function metricsApp(metrics: Metrics, settings: Pick<HttpSettings, 'log'>): Express {
  const app = bareApp();
  app.get('/metrics', async (_request, response) => {
    const text = await metrics.registry.metrics();
    response.setHeader('Content-Type', metrics.registry.contentType);
    response.end(text);
  });
  closeWithProblems(app, settings);
  return app;
}
