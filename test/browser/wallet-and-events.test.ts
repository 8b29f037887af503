import { type Device, type Gateway, type HeardEvent, type Patient, Wallet } from '@chartkey/client';
import { Browser, type Page } from '../support/browser.ts';
import { type OwnConsortium, startOwnConsortium } from '../support/own-consortium.ts';
import { SdkOrganisation } from '../support/sdk-cast.ts';
import { SdkSite } from '../support/sdk-site.ts';

declare global {
  var patient: Patient;
  var wallet: Wallet;
  var gateway: Gateway;
  var heard: HeardEvent[];
}

const passphrase = 'four words that nobody guesses';
const content = 'blood group 0';
let site: SdkSite;
let browser: Browser;
let page: Page;
let consortium: OwnConsortium;
let desk: Device;
let id: string;
let backup: string;
let record: string;

beforeAll(async () => {
  site = await SdkSite.start();
  consortium = await startOwnConsortium({ env: { APP_ORIGINS: site.url } });
  const { credentials } = consortium.run.founding;
  desk = await (await SdkOrganisation.of('RiversideMSP', credentials)).device();
  browser = await Browser.start();
  page = await browser.open(site.url);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await consortium?.stop();
  await site?.stop();
});

const at = () => ({ url: consortium.people.river.url, network: consortium.people.network });

/** Makes the page's patient of the wallet of a backup, as an app does when it is opened. */
const restored = (words = passphrase) =>
  page.run(
    async (sdk, { url, network, backup, words }) => {
      globalThis.gateway = await sdk.connect(url, { network });
      try {
        globalThis.wallet = await sdk.Wallet.restore(backup, words);
      } catch (error) {
        return { failure: (error as Error).name };
      }
      globalThis.patient = await globalThis.wallet.patientAt(globalThis.gateway);
      return { id: globalThis.patient.id, places: globalThis.wallet.places.length };
    },
    { ...at(), backup, words },
  );

test('a wallet that a page made is scanned at the desk, and backed up', async () => {
  const made = await page.run(
    async (sdk, { url, network, passphrase }) => {
      const gateway = await sdk.connect(url, { network });
      const wallet = sdk.Wallet.create();
      const { text } = await wallet.offer(gateway, { recorder: gateway.organisation });
      const patient = await wallet.patientAt(gateway);
      return { text, id: patient.id, backup: await wallet.backup(passphrase) };
    },
    { ...at(), passphrase },
  );
  ({ id, backup } = made);
  expect(await desk.takeOffer(made.text)).toMatchObject({ patient: id, isEnrolled: true });
  ({ record } = await desk.storeRecord(id, new Blob([content]), 'text/plain'));
});

test('its backup is restored in a page that was loaded anew, and anywhere else, to the same keys', async () => {
  await page.reload();
  expect(await page.run(() => typeof globalThis.wallet)).toBe('undefined');
  expect(await restored('four words that nobody guessed')).toEqual({ failure: 'BackupUnreadable' });
  expect(await restored()).toEqual({ id, places: 1 });
  const { river, network } = consortium.people;
  const here = await Wallet.restore(backup, passphrase);
  expect(await here.idAt({ network, custodian: river.organisation.id })).toBe(id);
});

test('the restored wallet’s patient reads its record, with keys that cannot leave the page', async () => {
  const read = await page.run(
    async (_sdk, { record }) => {
      const { body, mediaType } = await globalThis.patient.readRecord(record);
      const at = { network: globalThis.gateway.network, custodian: globalThis.gateway.organisation };
      const { pairs } = await globalThis.wallet.keysAt(at);
      const taken = await Promise.allSettled(
        [pairs.sig, pairs.enc].map(({ privateKey }) => crypto.subtle.exportKey('jwk', privateKey)),
      );
      return { mediaType, text: await new Response(body).text(), taken: taken.map(({ status }) => status) };
    },
    { record },
  );
  expect(read).toEqual({ mediaType: 'text/plain', text: content, taken: ['rejected', 'rejected'] });
});

describe('a patient’s events in a page', () => {
  /** Hears what comes after an event, as long as the page stands. */
  const listen = (after: string) =>
    page.run(
      (_sdk, { after }) => {
        globalThis.heard = [];
        const hear = async () => {
          for await (const event of globalThis.patient.events({ after })) globalThis.heard.push(event);
        };
        void hear();
      },
      { after },
    );
  const heard = async (count: number): Promise<HeardEvent[]> => {
    for (let tries = 0; tries < 300; tries += 1) {
      const events = await page.run(() => globalThis.heard);
      if (events.length >= count) return events;
      await new Promise((next) => setTimeout(next, 100));
    }
    throw new Error(`not heard: ${JSON.stringify(await page.run(() => globalThis.heard))}`);
  };
  const kinds = (events: HeardEvent[]) => events.map(({ kind }) => kind);
  const grant = (organisation: string) =>
    page.run(
      async (_sdk, { organisation }) => {
        const grantee = { organisation };
        const given = {
          grantee,
          scope: 'all' as const,
          actions: ['read' as const],
          purposes: ['TREAT' as const],
        };
        return (await globalThis.patient.grant(given)).id;
      },
      { organisation },
    );

  test('come as they happen, ids only, in the order of the chain', async () => {
    await listen('0.0');
    expect(kinds(await heard(3))).toEqual(['granted', 'recorded', 'accessed']);
    const given = await grant('LakesideMSP');
    const { access } = await consortium.people.lake.read(record);
    const events = await heard(5);
    expect(events.slice(3)).toMatchObject([
      { kind: 'granted', grant: given, organisation: 'LakesideMSP', patient: id },
      { kind: 'accessed', access, record, organisation: 'LakesideMSP', patient: id },
    ]);
  });

  test('go on after the gateway was killed, and after the page was closed and came back, none left out', async () => {
    const before = (await heard(5)).at(-1)!.cursor;
    await consortium.run.kill('RiversideMSP');
    await consortium.run.again('RiversideMSP');
    await consortium.ready();
    await grant('HilltopMSP');
    expect(kinds(await heard(6)).slice(4)).toEqual(['accessed', 'granted']);
    await page.reload();
    await restored();
    const { access } = await consortium.people.lake.read(record);
    await listen(before);
    expect(await heard(2)).toMatchObject([
      { kind: 'granted', organisation: 'HilltopMSP' },
      { kind: 'accessed', access },
    ]);
  });
});

test('in an emergency a page of a hospital breaks the glass with one more signature', async () => {
  const { organisations, network } = consortium.run.founding.credentials;
  const own = organisations.find((one) => one.id === 'LakesideMSP')!;
  const physician = own.practitioners.find(({ role }) => role === 'physician')!;
  const words = { patient: id, reason: 'unconscious', minutes: 30, words: 'at the tram stop' } as const;
  const text = await page.run(
    async (sdk, { url, network, ehr, physician, record, words }) => {
      const gateway = await sdk.connect(url, { network });
      const { sig } = await sdk.importKeys(ehr);
      const { practitioner, key } = physician;
      const device = gateway.device(sig, { practitioner, role: 'physician', purposes: ['ETREAT'] });
      const acting = gateway.practitioner(await sdk.importSigner(key), device);
      const breakGlass = await acting.signBreakGlass(words);
      const { body } = await device.readRecord(record, { breakGlass });
      return new Response(body).text();
    },
    { url: own.url, network, ehr: own.ehr, physician, record, words },
  );
  expect(text).toBe(content);
});
