import { z } from 'zod';
import { isInss } from '../core/identifiers.ts';
import { fault, keys } from '../core/mistakes.ts';
import { type Appointment, ROLES, SINGLE_ROLES, WIDE_ROLES } from './permissions.ts';

const quoted = (what: string) => z.string({ error: what });

const LOGIN = '1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first';
const CODE = '1 to 40 small letters, digits and dashes, a letter first';

/** What somebody or a technical user signs in under. */
export const Login = quoted(LOGIN).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { error: LOGIN });
/** The code of a quality or a fixed link. */
export const Code = quoted(CODE).regex(/^[a-z][a-z0-9-]{0,39}$/, { error: CODE });

const INSS = 'eleven digits in quotes with their check digits';
const PERSON_NAME = 'one line of 1 to 100 characters';
const PersonName = quoted(PERSON_NAME).regex(/^[^\p{Cc}\p{Cf}]{1,100}$/u, { error: PERSON_NAME });
const RIGHT = '1 to 40 letters, digits, dots, dashes and underscores';
const Rights = z.array(quoted(RIGHT).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, { error: RIGHT })).optional();

const Held = keys({ role: z.enum(ROLES), quality: Code.optional() }).transform(
  ({ role, quality }, context): Appointment => {
    const isWide = WIDE_ROLES.includes(role);
    if (isWide && quality !== undefined)
      return fault(context, `a ${role} is of the whole organisation`, 'no quality', ['quality']);
    if (!isWide && quality === undefined) return fault(context, 'is missing', 'the code of a quality', ['quality']);
    return { role, quality: quality ?? '' };
  },
);

/** Somebody who has access, in a provisioning file; `passwordFile` reads a file with a temporary password. */
export function personSchema(passwordFile: z.ZodType<string | undefined>) {
  return keys({
    userName: Login,
    givenName: PersonName,
    familyName: PersonName,
    email: z.email({ error: 'an e-mail address' }).optional(),
    nationalRegisterNumber: quoted(INSS)
      .transform((text, context) =>
        isInss(text) ? text : fault(context, 'not a national register number, or its check digits are wrong', INSS),
      )
      .optional(),
    roles: z.array(Held).prefault([]),
    services: Rights,
    protectedTypes: Rights,
    passwordFile,
  });
}

interface Peopled {
  readonly qualities: readonly { readonly code: string }[];
  readonly people: readonly {
    readonly roles: readonly Appointment[];
    readonly nationalRegisterNumber?: string | undefined;
  }[];
}

/** Roles in a quality that the organisation does not have, roles and numbers that two people have. */
export function peopleFaults({ qualities, people }: Peopled, context: z.RefinementCtx): void {
  const codes = qualities.map(({ code }) => code);
  const seen = new Set<string>();
  const add = (at: number, key: string, reason: string, allowed: string) =>
    fault(context, reason, allowed, ['people', at, key]);
  for (const [at, { roles, nationalRegisterNumber }] of people.entries()) {
    for (const { role, quality } of roles) {
      if (quality !== '' && !codes.includes(quality))
        add(at, 'roles', 'not a quality of the organisation', codes.join(', '));
      const isTwice = SINGLE_ROLES.includes(role) && seen.has(`${role} ${quality}`);
      if (isTwice) add(at, 'roles', `somebody else is the ${role} too`, 'one person only');
      seen.add(`${role} ${quality}`);
    }
    if (nationalRegisterNumber === undefined) continue;
    if (seen.has(nationalRegisterNumber))
      add(at, 'nationalRegisterNumber', 'somebody else has it too', 'each number once');
    seen.add(nationalRegisterNumber);
  }
}
