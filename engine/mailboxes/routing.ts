import type { Db } from '../store/database.ts';
import { insertRows, rowsOf } from '../store/sql.ts';

/** The partition that every mailbox has, and that takes what no rule sends elsewhere (protocol §2.5). */
export const GENERAL = 'GENERAL';

/** Sends messages into a partition: those that agree in everything that is given. */
export interface RoutingRule {
  /** The lowest that fits wins; none twice in a mailbox. */
  readonly priority: number;
  readonly messageType?: string;
  readonly senderApplication?: string;
  readonly senderOrganisation?: string;
  readonly partition: string;
}

/** What a message is routed by. */
export interface Routed {
  readonly messageType: string;
  readonly senderApplication: string;
  readonly senderOrganisation: string;
}

/** The partition for a message; pure. `rules` in the order of their priority. */
export function partitionFor(rules: readonly RoutingRule[], message: Routed): string {
  const agrees = (wanted: string | undefined, found: string) => wanted === undefined || wanted === found;
  const rule = rules.find(
    (one) =>
      agrees(one.messageType, message.messageType) &&
      agrees(one.senderApplication, message.senderApplication) &&
      agrees(one.senderOrganisation, message.senderOrganisation),
  );
  return rule?.partition ?? GENERAL;
}

/** The rules of a mailbox, by priority. */
export async function routingRulesOf(db: Db, mailbox: number): Promise<RoutingRule[]> {
  const rows = await rowsOf<RuleRow>(db, 'select * from routing_rules where mailbox = ? order by priority', [mailbox]);
  return rows.map((row) => ({
    priority: row.priority,
    ...(row.message_type !== null && { messageType: row.message_type }),
    ...(row.sender_application !== null && { senderApplication: row.sender_application }),
    ...(row.sender_organisation !== null && { senderOrganisation: row.sender_organisation }),
    partition: row.partition,
  }));
}

/** Gives a mailbox these rules in place of those that it has; what lies in it already stays where it is. */
export async function replaceRoutingRules(tx: Db, mailbox: number, rules: readonly RoutingRule[]): Promise<void> {
  await tx('routing_rules').where({ mailbox }).delete();
  const rows = rules.map((rule) => ({
    ...{ mailbox, priority: rule.priority, message_type: rule.messageType ?? null, partition: rule.partition },
    ...{ sender_application: rule.senderApplication ?? null, sender_organisation: rule.senderOrganisation ?? null },
  }));
  await insertRows(tx, 'routing_rules', rows);
}

interface RuleRow {
  readonly priority: number;
  readonly message_type: string | null;
  readonly sender_application: string | null;
  readonly sender_organisation: string | null;
  readonly partition: string;
}
