import { resolve } from 'node:path';
import { z } from 'zod';
import { isEnterpriseNumber, isLocalAuthorityNumber, isNssoNumber } from '../core/identifiers.ts';
import { fault, keys, type Mistake, mistakesOf } from '../core/mistakes.ts';
import { type Credential, uniqueCredentials } from './credentials.ts';
import { CHANNELS } from './goals.ts';
import { employerKey, type Mandate } from './mandates.ts';
import { certificateIn, type Material, type MaterialPolicy, readSmallFile, sshKeysIn } from './materials.ts';
import { LANGUAGES, MAILBOX_TYPES } from './organisations.ts';
import { passwordFault } from './passwords.ts';
import { Code, Login, peopleFaults, personSchema } from './provision-person.ts';
import { EBOX_SCOPES } from './scopes.ts';

/** What the checks of a provisioning file depend on. */
export interface ProvisionRules extends MaterialPolicy {
  /** The directory that paths in the file are relative to. */
  readonly folder: string;
  /** Goal codes that are configured; absent: any four letters. */
  readonly goals?: readonly string[];
  /** Names of the fixed links that are configured; absent: any. */
  readonly networks?: readonly string[];
}

export interface Warning {
  readonly path: string;
  readonly text: string;
}

/** What a provisioning file says, checked, with the files it names read; or everything that is wrong with it. */
export type ProvisionReading =
  | { readonly kind: 'plan'; readonly plan: Plan; readonly warnings: readonly Warning[] }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly Mistake[] };

export type Plan = z.output<ReturnType<typeof planSchema>>;
export type PlannedOrganisation = Plan['organisations'][number];
export type PlannedPerson = PlannedOrganisation['people'][number];
export type PlannedSender = PlannedOrganisation['qualities'][number]['senders'][number];

type Warn = (path: string, text: string) => void;

/** Checks the content of a provisioning file; reads the key and certificate files it names, changes nothing. */
export function readPlan(content: unknown, rules: ProvisionRules): ProvisionReading {
  return createPlanReader(rules)(content);
}

/** The same for many contents one after the other. */
export function createPlanReader(rules: ProvisionRules): (content: unknown) => ProvisionReading {
  let warnings: Warning[] = [];
  const schema = planSchema(rules, (path, text) => warnings.push({ path, text }));
  return (content) => {
    warnings = [];
    const parsed = schema.safeParse(content, { reportInput: true });
    if (parsed.success) return { kind: 'plan', plan: parsed.data, warnings };
    return { kind: 'mistakes', mistakes: mistakesOf(parsed.error) };
  };
}

function planSchema(rules: ProvisionRules, warn: Warn) {
  return keys({ organisations: z.array(organisation(rules, warn)) });
}

const quoted = (what: string) => z.string({ error: what });
const checked = (allowed: string, isRight: (text: string) => boolean, reason: string) =>
  quoted(allowed).transform((text, context) => (isRight(text) ? text : fault(context, reason, allowed)));

const EnterpriseNumber = checked(
  'ten digits in quotes with their check digits',
  isEnterpriseNumber,
  'not an enterprise number, or its check digits are wrong',
);

const isEmployerNumber = (text: string) => isNssoNumber(text) || isLocalAuthorityNumber(text);

const NssoNumber = checked(
  'an NSSO or local authority number in quotes with its check digits',
  isEmployerNumber,
  'not an employer number, or its check digits are wrong',
);

const Employer = checked(
  'an enterprise number or an NSSO number, in quotes',
  (text) => isEnterpriseNumber(text) || isEmployerNumber(text),
  'not an enterprise or employer number, or its check digits are wrong',
);

const NUMBER = 'six digits in quotes, from 000001 to 999998';
const SenderNumber = checked(
  NUMBER,
  (text) => /^\d{6}$/.test(text) && !/^(0{6}|9{6})$/.test(text),
  'not a sender number',
);

const NAME = 'one line of 1 to 200 characters';
const Name = quoted(NAME)
  .max(200, { error: NAME })
  .regex(/^[^\p{Cc}]+$/u, { error: NAME });

const DAY = 'a day, YYYY-MM-DD in quotes';

function mandates(rules: ProvisionRules) {
  const mandate = keys({
    employer: Employer,
    from: z.iso.date({ error: DAY }).optional(),
    until: z.iso.date({ error: DAY }).optional(),
    goals: z.array(goal(rules.goals)).min(1).optional(),
  }).transform((given, context): Mandate => {
    const { employer, from, until, goals } = given;
    if (from && until && from > until) return fault(context, 'ends before it begins', 'from on or before until');
    const days = { ...(from !== undefined && { from }), ...(until !== undefined && { until }) };
    return { employer: employerKey(employer), ...days, ...(goals && { goals }) };
  });
  return z.array(mandate).transform(eachOnce).optional();
}

/** Of an employer only one mandate may begin on a day; the same one twice is one. */
function eachOnce(given: readonly Mandate[], context: z.RefinementCtx): readonly Mandate[] {
  const seen = new Map<string, { readonly at: number; readonly text: string }>();
  for (const [at, { employer, from = '', ...rest }] of given.entries()) {
    const key = `${employer.kind} ${employer.number} ${from}`;
    const text = JSON.stringify(rest);
    const before = seen.get(key);
    if (before && before.text !== text)
      fault(context, `the same employer and first day stand at mandates[${before.at}]`, 'each once', [at]);
    if (!before) seen.set(key, { at, text });
  }
  return given;
}

function organisation(rules: ProvisionRules, warn: Warn) {
  return keys({
    enterpriseNumber: EnterpriseNumber,
    name: keys(Object.fromEntries(LANGUAGES.map((code) => [code, Name.optional()])) as NamesShape).transform(
      (names, context) =>
        Object.keys(names).length > 0 ? names : fault(context, 'is empty', `a name in ${LANGUAGES.join(', ')}`),
    ),
    language: z.enum(LANGUAGES),
    email: z.email({ error: 'an e-mail address' }).optional(),
    nssoNumber: NssoNumber.optional(),
    mailbox: keys({ type: z.enum(MAILBOX_TYPES) }).prefault({ type: 'enterprise' }),
    qualities: z.array(keys({ code: Code, senders: z.array(sender(rules, warn)).prefault([]) })).prefault([]),
    people: z.array(personSchema(passwordFile(rules))).prefault([]),
  }).superRefine(peopleFaults);
}

type NamesShape = Record<(typeof LANGUAGES)[number], z.ZodOptional<typeof Name>>;

function sender(rules: ProvisionRules, warn: Warn) {
  return keys({
    number: SenderNumber,
    login: Login,
    state: z.enum(['active', 'suspended']).prefault('active'),
    channels: z.array(z.enum(CHANNELS)).prefault([]),
    goals: z.array(goal(rules.goals)).prefault([]),
    networks: z.array(network(rules.networks)).prefault([]),
    mandates: mandates(rules),
    scopes: z.array(z.enum(EBOX_SCOPES)).prefault([]),
    sshKeys: materials('a file of OpenSSH public keys', sshKeysIn, rules, warn),
    certificates: materials(
      `a file with one X.509 certificate, RSA of at least ${rules.minRsaBits} bits or EC`,
      certificateIn,
      rules,
      warn,
    ),
    passwordFile: passwordFile(rules),
  });
}

function goal(known: readonly string[] | undefined) {
  const allowed = known ? known.join(', ') : 'four capital letters';
  const isKnown = (code: string) => known?.includes(code) ?? true;
  return checked(allowed, (code) => /^[A-Z]{4}$/.test(code) && isKnown(code), 'not a goal that is configured');
}

function network(known: readonly string[] | undefined) {
  const allowed = known
    ? known.join(', ') || 'none: there are no networks in the configuration'
    : 'the name of a fixed link';
  return Code.refine((name) => known?.includes(name) ?? true, { error: allowed });
}

const PATH = 'the path of a file, relative to this file or absolute';
const FilePath = quoted(PATH).regex(/^[^\0]+$/, { error: PATH });

type Parse = (bytes: Buffer, policy: MaterialPolicy) => Material;

function materials(what: string, parse: Parse, rules: ProvisionRules, warn: Warn) {
  const one = FilePath.transform((path, context): readonly Credential[] => {
    const file = readSmallFile(resolve(rules.folder, path));
    if ('fault' in file) return fault(context, file.fault, PATH);
    const { credentials, faults, warnings } = parse(file.bytes, rules);
    for (const reason of faults) fault(context, reason, what);
    for (const text of warnings) warn(path, text);
    return credentials;
  });
  return z
    .array(one)
    .prefault([])
    .transform((lists) => uniqueCredentials(lists.flat()));
}

function passwordFile(rules: ProvisionRules) {
  return FilePath.transform((path, context): string => {
    const file = readSmallFile(resolve(rules.folder, path));
    if ('fault' in file) return fault(context, file.fault, PATH);
    const password = file.bytes.toString('utf8').split(/\r?\n/)[0] ?? '';
    const reason = passwordFault(password);
    return reason === undefined ? password : fault(context, reason, 'a password on the first line');
  }).optional();
}
