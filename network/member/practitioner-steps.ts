import { randomId } from '@chartkey/client';
import { Base32Id, Role, thumbprint } from '@chartkey/vocabulary';
import { makeKey, PrivateJwk, readAs, writeNew } from './keys.ts';
import { registerPractitioner, revokePractitioner } from './orders.ts';
import { asMaster, endOf, type Step } from './step.ts';

/** What a member does for the practitioners who sign with keys of their own. */
export const practitionerSteps: Record<string, Step> = {
  'practitioner-key': {
    takes: 'KEY',
    says: 'makes a practitioner’s own key, to break glass or review with; prints its thumbprint',
    does([path = '']) {
      const key = makeKey();
      writeNew(path, key);
      return thumbprint(key);
    },
  },
  'register-practitioner': {
    takes: 'SIGNED MASTER-KEY KEY practitioner|new role until',
    says: 'has the master key register a practitioner’s key, until a day such as 2027-12-31; `new` makes a pseudonym, another key of one practitioner takes the same; reads a gateway’s settings',
    async does([path = '', master = '', key = '', name = '', named = '', day = ''], env) {
      const role = Role.safeParse(named);
      if (!role.success) throw new Error(`${named} is no role: ${Role.options.join(', ')}.`);
      const practitioner = Base32Id.safeParse(name === 'new' ? randomId() : name);
      if (!practitioner.success) throw new Error(`${name} is no pseudonym of a practitioner: give new.`);
      const registration = {
        key: readAs(PrivateJwk, key, 'a practitioner’s key'),
        ...{ practitioner: practitioner.data, role: role.data, validUntil: endOf(day) },
      };
      return asMaster(env, path, master, async (ledger, order) => {
        const fresh = await registerPractitioner(ledger, { ...order, ...registration });
        const who = `${role.data} ${practitioner.data} of ${order.organisation}`;
        return `${fresh ? 'Registered' : 'Registered already'}: ${thumbprint(registration.key)}, ${who}`;
      });
    },
  },
  'revoke-practitioner': {
    takes: 'SIGNED MASTER-KEY THUMBPRINT',
    says: 'has the master key revoke a practitioner’s key, for good; reads a gateway’s settings',
    does([path = '', master = '', key = ''], env) {
      return asMaster(env, path, master, async (ledger, order) => {
        await revokePractitioner(ledger, { ...order, key });
        return `Revoked: ${key} of ${order.organisation}`;
      });
    },
  },
};
