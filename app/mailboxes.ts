import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Mailboxes } from '../channels/webservice/ebox/deps.ts';
import type { Config } from '../config/load.ts';
import { protocolTime } from '../engine/core/calendar.ts';
import { EngineError } from '../engine/core/errors.ts';
import { freshFor } from '../engine/core/fresh.ts';
import { isInss } from '../engine/core/identifiers.ts';
import { publicOr } from '../engine/core/private-addresses.ts';
import {
  type Application,
  type Directory,
  type Image,
  type PublishingOrganisation,
  publishingNumbers,
} from '../engine/mailboxes/directory.ts';
import { mailboxesOf } from '../engine/mailboxes/mailboxes.ts';
import type { RecipientOf } from '../engine/mailboxes/publish.ts';
import type { Identity } from '../engine/outbound/sign.ts';
import type { MailboxRules } from '../engine/pipelines/forms.ts';
import { findOrganisation } from '../engine/registry/organisations.ts';
import type { Db } from '../engine/store/database.ts';
import type { Base } from './base.ts';
import { signWith } from './expiry.ts';
import { createViewOf, registeredMandates } from './mailbox-rights.ts';

/** What is put into mailboxes by. */
export function mailboxRules({ mailboxes, messageTypes: types }: Config): MailboxRules {
  return { ...mailboxes, types };
}

/** What the interfaces of the mailboxes need to know. Throws config_invalid for a picture that cannot be used. */
export async function loadMailboxes({ config, db, blobs, clock }: Base, identity: Identity): Promise<Mailboxes> {
  const { provider, organisation, environment, contact } = config.mailboxes;
  const given = await loadDescribed(config);
  const directory = freshFor(DIRECTORY_MS, () => directoryIn(db, config, given));
  const hasMandate = registeredMandates(db, () => protocolTime(clock()).date);
  return {
    ...{ types: config.messageTypes, provider, organisation, environment, contact, directory },
    applications: given.applications.map(({ id }) => id),
    recipientOf: recipientIn(db),
    evidence: { blobs, sign: signWith(identity) },
    viewOf: createViewOf(db, config.messageTypes, hasMandate),
    hasMandate,
    mayConnect: publicOr(config.webhooks.allowPrivate),
  };
}

/** Enterprises and institutions that are registered or have a mailbox already; citizens by any INSS that can be one. */
function recipientIn(db: Db): RecipientOf {
  return async ({ kind, eboxId }) => {
    if (kind === 'citizen') return isInss(eboxId) ? { kind, eboxId } : undefined;
    const organisation = await findOrganisation(db, eboxId);
    if (organisation) return { kind: organisation.mailboxType, eboxId };
    const [mailbox] = (await mailboxesOf(db, eboxId)).filter((one) => one.kind === 'enterprise');
    return mailbox && { kind: mailbox.kind, eboxId };
  };
}

type Described = Config['mailboxes']['applications'][string] | Config['mailboxes']['organisations'][string];

const DIRECTORY_MS = 60_000;

/** What the configuration says, with its pictures. */
interface Given {
  readonly applications: readonly Application[];
  readonly organisations: ReadonlyMap<string, PublishingOrganisation>;
}

/** Reference data: as configured; of organisations that the configuration does not know, what is registered now. */
async function directoryIn(db: Db, { mailboxes, messageTypes }: Config, given: Given): Promise<Directory> {
  const numbers = [...publishingNumbers(messageTypes, mailboxes.organisation), ...given.organisations.keys()];
  const organisations = [];
  for (const id of [...new Set(numbers)].sort()) {
    const known = given.organisations.get(id);
    organisations.push(known ?? { id, names: (await findOrganisation(db, id))?.names ?? {}, images: [] });
  }
  return { types: sorted(messageTypes).map(([, type]) => type), applications: given.applications, organisations };
}

async function loadDescribed({ mailboxes }: Config): Promise<Given> {
  const applications = [];
  for (const [id, application] of sorted(mailboxes.applications)) {
    const { description } = application;
    applications.push({ id, ...(await describedOf(application)), ...(description && { description }) });
  }
  const organisations = new Map<string, PublishingOrganisation>();
  for (const [id, organisation] of sorted(mailboxes.organisations)) {
    organisations.set(id, { id, ...(await describedOf(organisation)), ...longNamesOf(organisation) });
  }
  return { applications, organisations };
}

const longNamesOf = ({ longNames }: Config['mailboxes']['organisations'][string]) => longNames && { longNames };

const sorted = <T>(record: Readonly<Record<string, T>>) =>
  Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1));

async function describedOf({ names, url, logos, contactBusiness, contactTechnical }: Described) {
  const images: Image[] = [];
  for (const { file, language } of logos) images.push({ ...(await imageIn(file)), ...(language && { language }) });
  return {
    ...{ names, images },
    ...(url && { url }),
    ...(contactBusiness !== undefined && { contactBusiness }),
    ...(contactTechnical !== undefined && { contactTechnical }),
  };
}

const MOST_BYTES = 1 << 20;

async function imageIn(file: string): Promise<Image> {
  const unusable = (reason: string) => new EngineError('config_invalid', `${file}: ${reason}`);
  const size = await stat(file).then(
    (entry) => entry.size,
    () => undefined,
  );
  if (size === undefined) throw unusable('there is no such picture');
  if (size > MOST_BYTES) throw unusable(`the picture is larger than ${MOST_BYTES} bytes`);
  const bytes = await readFile(file);
  const mediaType = imageTypeOf(bytes);
  if (!mediaType) throw unusable('is no PNG, JPEG, GIF or SVG');
  const id = createHash('sha256').update(basename(file)).update(bytes).digest('hex').slice(0, 16);
  return { id, mediaType, bytes };
}

function imageTypeOf(bytes: Buffer): string | undefined {
  const begins = bytes.subarray(0, 4).toString('latin1');
  if (begins === '\x89PNG') return 'image/png';
  if (begins === 'GIF8') return 'image/gif';
  if (begins.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  return bytes.subarray(0, 1_024).includes('<svg') ? 'image/svg+xml' : undefined;
}
