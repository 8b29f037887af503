import { connect, StatementUnsettled } from '@chartkey/client';
import { SdkOrganisation } from '../support/sdk-cast.ts';

/** What an app hears through a gateway that tells its answers otherwise. */
function lying(path: RegExp, tell: (answer: Record<string, unknown>) => object): typeof fetch {
  return async (input, init) => {
    const real = await fetch(input, init);
    if (!path.test(new URL(String(input)).pathname) || !real.ok) return real;
    const told = tell((await real.json()) as Record<string, unknown>);
    return new Response(JSON.stringify(told), { status: real.status });
  };
}

const words = {
  scope: 'all' as const,
  actions: ['read' as const],
  purposes: ['TREAT' as const],
};

test('a gateway that names another statement than the one it was handed is not believed', async () => {
  const river = await SdkOrganisation.of('RiversideMSP');
  const patient = await river.patient();
  const earlier = await patient.grant({ ...words, grantee: { organisation: 'HilltopMSP' } });
  const another = lying(/^\/v1\/statements$/, (answer) => ({ ...answer, id: earlier.id }));
  const { network } = river.gateway;
  const gateway = await connect(river.gateway.url, { network, fetch: another, retries: false });
  const deceived = gateway.patient(patient.keys);
  // Believed, its word would have the app revoke the earlier grant in this one's place.
  await expect(deceived.grant({ ...words, grantee: { organisation: 'LakesideMSP' } })).rejects.toThrow(
    StatementUnsettled,
  );
  const other = await patient.grant({ ...words, grantee: { organisation: 'LakesideMSP' } });
  await expect(deceived.revoke(other.id)).rejects.toThrow(StatementUnsettled);
});
