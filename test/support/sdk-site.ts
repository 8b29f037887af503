import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

const modules = join(__dirname, '..', '..', 'node_modules');

interface Manifest {
  exports?: string | { '.'?: string | { import?: string } };
  dependencies?: Record<string, string>;
}

/**
 * How a browser without a bundler finds a package of ours and all it stands on: an import map
 * (https://html.spec.whatwg.org/#import-maps) to the ESM build of each, as the packages name it.
 */
export function importMapOf(...names: string[]): Record<string, string> {
  const map: Record<string, string> = {};
  const wanted = names.map((name) => ({ name, folder: name }));
  for (let one = wanted.pop(); one; one = wanted.pop()) {
    const { name, folder } = one;
    if (map[`${name}/`]) continue;
    const manifest = JSON.parse(readFileSync(join(modules, folder, 'package.json'), 'utf8')) as Manifest;
    const main = typeof manifest.exports === 'object' ? manifest.exports['.'] : manifest.exports;
    const file = typeof main === 'object' ? main.import : main;
    if (file) map[name] = `/node_modules/${join(folder, file)}`;
    map[`${name}/`] = `/node_modules/${folder}/`;
    for (const needed of Object.keys(manifest.dependencies ?? {})) {
      // A package may have a version of its own, as npm installs it.
      const own = join(folder, 'node_modules', needed);
      wanted.push({ name: needed, folder: existsSync(join(modules, own)) ? own : needed });
    }
  }
  return map;
}

/** An empty page that can load the SDK, on 127.0.0.1, which browsers take for a secure context. */
export class SdkSite {
  readonly #server: Server;

  /** @param others answers every other path */
  private constructor(others: RequestListener) {
    const map = importMapOf('@chartkey/client');
    const page = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports: map })}</script>`;
    const served = Object.keys(map).filter((name) => name.endsWith('/'));
    this.#server = createServer((request, response) => {
      const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
      if (path === '/') return void response.setHeader('Content-Type', 'text/html').end(page);
      const isModule =
        served.some((name) => path.startsWith(`/node_modules/${name}`)) && path.endsWith('.js');
      if (!isModule) return others(request, response);
      response.setHeader('Content-Type', 'text/javascript');
      createReadStream(join(modules, '..', path))
        .on('error', () => response.writeHead(404).end())
        .pipe(response);
    });
  }

  static async start(others: RequestListener = (_request, response) => response.writeHead(404).end()) {
    const site = new SdkSite(others);
    await new Promise<void>((ready) => site.#server.listen(0, '127.0.0.1', ready));
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
