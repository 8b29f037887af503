import { randomId } from '@chartkey/client';
import { Base32Id, Instant, Role, thumbprint } from '@chartkey/vocabulary';
import { makeKey, PrivateJwk, readAs, writeNew } from './keys.ts';
import { registerPractitioner, revokePractitioner } from './orders.ts';
import { onLedger, orderOf, type Step, signedIn } from './step.ts';

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
      const validUntil = Instant.safeParse(`${day}T23:59:59.999Z`);
      if (!validUntil.success) throw new Error(`${day} is no day, such as 2027-12-31.`);
      const registration = {
        ...orderOf(path, master),
        key: readAs(PrivateJwk, key, 'a practitioner’s key'),
        ...{ practitioner: practitioner.data, role: role.data, validUntil: validUntil.data },
      };
      const fresh = await onLedger(env, signedIn(path), (ledger) =>
        registerPractitioner(ledger, registration),
      );
      const who = `${role.data} ${practitioner.data} of ${registration.organisation}`;
      return `${fresh ? 'Registered' : 'Registered already'}: ${thumbprint(registration.key)}, ${who}`;
    },
  },
  'revoke-practitioner': {
    takes: 'SIGNED MASTER-KEY THUMBPRINT',
    says: 'has the master key revoke a practitioner’s key, for good; reads a gateway’s settings',
    async does([path = '', master = '', key = ''], env) {
      const order = { ...orderOf(path, master), key };
      await onLedger(env, signedIn(path), (ledger) => revokePractitioner(ledger, order));
      return `Revoked: ${key} of ${order.organisation}`;
    },
  },
};
