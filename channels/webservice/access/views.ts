import type { OrganisationOverview } from '../../../engine/registry/organisation-acts.ts';
import type { Person } from '../../../engine/registry/people.ts';

/** A person as managers see it: without number and secrets. */
export function personView({ inss, appointments, passwordKind, email, ...person }: Person): object {
  const { id, userName, givenName, familyName, state, hasTotp, createdAt } = person;
  return {
    ...{ id, userName, givenName, familyName, email: email ?? null, state },
    appointments: appointments.map(({ role, quality }) => ({ role, quality: quality === '' ? null : quality })),
    numberIsKnown: inss !== undefined,
    password: passwordKind ?? 'none',
    ...{ hasTotp, createdAt },
  };
}

/** An organisation, as far as the caller may see it. */
export function organisationView({ organisation, access, qualities }: OrganisationOverview): object {
  const { enterpriseNumber, names, language, email = null } = organisation;
  const { passwordSignIn, userReading, activatedAt = null } = access;
  return {
    enterpriseNumber,
    names,
    language,
    email,
    state: access.access,
    activatedAt,
    passwordSignIn,
    userReading,
    qualities,
  };
}
