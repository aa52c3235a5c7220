import type { OrganisationOverview } from '../../engine/registry/organisation-acts.ts';
import type { Person } from '../../engine/registry/people.ts';
import { ACTORS, PERMISSIONS } from '../../engine/registry/permissions.ts';
import type { MessagesOverview } from '../../engine/registry/sender-overview.ts';
import { table } from './output.ts';

/** The table of permissions as rows of texts: its titles first. */
export function permissionRows(): string[][] {
  const rows = [...PERMISSIONS].map(([name, scopes]) => [name, ...ACTORS.map((actor) => shown(scopes[actor]))]);
  return [['permission', ...ACTORS], ...rows];
}

const shown = (scope: string) => (scope === 'never' ? '–' : scope);

const TITLES = ['ID', 'USER NAME', 'NAME', 'STATE', 'PASSWORD', 'ROLES'];

/** People as lines, with their titles. */
export function peopleLines(people: readonly Person[]): string[] {
  if (people.length === 0) return ['nobody'];
  return table(
    TITLES,
    people.map(({ id, userName, givenName, familyName, state, passwordKind, appointments }) => {
      const roles = appointments.map(({ role, quality }) => (quality === '' ? role : `${role} (${quality})`));
      return [id, userName, `${givenName} ${familyName}`, state, passwordKind ?? 'none', roles.join(', ') || '-'];
    }),
  );
}

/** An organisation with its qualities and technical users, as lines. */
export function organisationLines(overview: OrganisationOverview, messages: readonly MessagesOverview[]): string[] {
  const { organisation, access, qualities } = overview;
  const name = Object.values(organisation.names)[0] ?? '';
  return [
    `${organisation.enterpriseNumber} ${name}: ${access.access}, ${access.activatedAt ? `active since ${access.activatedAt}` : 'nobody has signed in yet'}`,
    `passwords: ${access.passwordSignIn ? 'on' : 'off'}; users read: ${access.userReading}`,
    ...qualities.map(({ code, state, isDefault }) => `quality ${code}: ${state}${isDefault ? ', default' : ''}`),
    ...messages.flatMap(senderLines),
  ];
}

function senderLines({ quality, next, senders }: MessagesOverview): string[] {
  return [
    ...senders.flatMap(({ number, login, state, channels, goals, networks, sshKeys, certificates, hasFtpPassword }) => [
      `sender ${number} (${quality}): login ${login}, ${state}; channels ${list(channels)}; goals ${list(goals)}; links ${list(networks)}`,
      ...sshKeys.map(({ type, fingerprint }) => `  key ${type} SHA256:${fingerprint}`),
      ...certificates.map(
        ({ subject, validUntil, fingerprint }) => `  certificate ${subject} until ${validUntil} ${fingerprint}`,
      ),
      ...(hasFtpPassword ? ['  FTP password set'] : []),
    ]),
    ...(next === 'save' || next === 'nothing' ? [] : [`structured messages of ${quality}: next step: ${next}`]),
  ];
}

const list = (values: readonly string[]) => values.join(' ') || '-';
