import { startOfDay } from '../../../engine/core/calendar.ts';
import type { View } from '../../../engine/mailboxes/access.ts';
import { searchFor } from '../../../engine/mailboxes/directory.ts';
import type { SearchLanguage } from '../../../engine/mailboxes/fold.ts';
import type { Listed, PlacedFilter } from '../../../engine/mailboxes/list.ts';
import { readPage } from '../../../engine/mailboxes/pages.ts';
import { invalidInput } from '../problem.ts';
import type { EboxCaller, Visit } from './caller.ts';
import type { EboxDeps } from './deps.ts';

/** How a list is asked for, in the words of all versions; checked by the schema of the route. */
export interface ListQuery {
  readonly page: number;
  readonly pageSize: number;
  readonly receivedBefore?: string;
  readonly receivedAfter?: string;
  readonly expiredBefore?: string;
  readonly expiredAfter?: string;
  readonly readStatus?: boolean;
  readonly visible?: boolean;
  readonly messageTypeId?: string;
  readonly senderOrganizationId?: string;
  readonly senderApplicationId?: string;
  readonly registeredMail?: boolean;
  readonly q?: string;
  readonly qlang?: SearchLanguage;
}

/** A page of a mailbox, of what this caller may see; total undefined when nobody counted so far. */
export async function pageOf(
  { mailbox, view }: Visit,
  query: ListQuery,
  caller: EboxCaller,
  deps: EboxDeps,
): Promise<{ readonly items: readonly Listed[]; readonly total: number | undefined }> {
  const { page, pageSize, q, qlang } = query;
  if (q !== undefined && qlang === undefined) throw invalidInput('query', 'qlang', 'is needed with q');
  const search = q === undefined || qlang === undefined ? undefined : searchFor(await deps.directory(), q, qlang);
  const filter = { ...filterOf(query), ...seen(view) };
  const walk = deps.walks.of(JSON.stringify([caller.who, mailbox.id, filter, q, qlang, pageSize]));
  const whole = { mailbox: mailbox.id, everReceived: mailbox.everReceived };
  return readPage(deps.db, { ...whole, filter, page, pageSize, ...(search && { search }) }, walk);
}

/** What a view leaves of a mailbox. */
export const seen = ({ partitions, types }: View): PlacedFilter => ({
  ...(partitions && { partitions }),
  ...(types && { types }),
});

function filterOf(query: ListQuery): PlacedFilter {
  const { messageTypeId, senderOrganizationId, senderApplicationId, registeredMail, readStatus, visible } = query;
  return {
    ...days(query),
    ...(messageTypeId !== undefined && { messageType: messageTypeId }),
    ...(senderOrganizationId !== undefined && { senderOrganisation: senderOrganizationId }),
    ...(senderApplicationId !== undefined && { senderApplication: senderApplicationId }),
    ...(registeredMail !== undefined && { registered: registeredMail }),
    ...(readStatus !== undefined && { read: readStatus }),
    ...(visible !== undefined && { visible }),
  };
}

/** A day stands for the instant at which it begins in Belgium. */
function days({ receivedAfter, receivedBefore, expiredAfter, expiredBefore }: ListQuery): PlacedFilter {
  const begin = (day: string) => startOfDay(day).toISOString();
  return {
    ...(receivedAfter !== undefined && { receivedFrom: begin(receivedAfter) }),
    ...(receivedBefore !== undefined && { receivedBefore: begin(receivedBefore) }),
    ...(expiredAfter !== undefined && { expiresFrom: begin(expiredAfter) }),
    ...(expiredBefore !== undefined && { expiresBefore: begin(expiredBefore) }),
  };
}
