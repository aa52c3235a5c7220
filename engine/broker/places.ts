import type { QueueName } from '../../schemas/messages.ts';
import type { Limits } from './shares.ts';
import type { Places } from './stock.ts';

/** How the workers' places are shared. */
export interface Sharing {
  /** No other process relays from the store. */
  readonly alone: boolean;
  /** The part of the places that one sender may take while it is the only one. */
  readonly senderShare: number;
  /** More than one sender has work. */
  readonly crowded: boolean;
}

const LEASED_AHEAD = 4; // a transaction for several messages instead of one for each
const IN_CROWD = 4; // so many times less of the places for one sender

/**
 * What all relays lease at once of each queue that has so many places. A lone one leases ahead of the workers; what
 * several leased ahead, idle workers would miss. Among others a sender has a few messages in hand, in all queues
 * together half as many again as in one: whatever is in hand shares the processors, so each message of one sender makes
 * the others' last longer.
 */
export function leasedAtOnce(places: ReadonlyMap<QueueName, number>, sharing: Sharing): Map<QueueName, Limits> {
  const each = [...places].map(([queue, count]) => [queue, leasedOf(count, sharing)] as const);
  const perSenderInAll = Math.max(...each.map(([, limits]) => limits.perSenderInAll));
  return new Map(each.map(([queue, limits]) => [queue, { ...limits, perSenderInAll }]));
}

function leasedOf(places: number, { alone, senderShare, crowded }: Sharing): Limits {
  const inAll = (alone ? LEASED_AHEAD : 2) * places;
  if (alone) return { limit: inAll, inAll, perSender: inAll / 2, perSenderInAll: Number.POSITIVE_INFINITY };
  const perSender = shareOf(places, senderShare);
  if (!crowded) return { limit: inAll, inAll, perSender, perSenderInAll: Number.POSITIVE_INFINITY };
  const few = Math.min(perSender, Math.max(2, Math.floor(perSender / IN_CROWD)));
  return { limit: inAll, inAll, perSender: few, perSenderInAll: Math.ceil(1.5 * few) };
}

/** What a relay has with the broker at once: what was leased ahead goes there as places come free. */
export function handedAtOnce(places: number, { alone, senderShare }: Omit<Sharing, 'crowded'>): Places {
  if (!alone) return { inAll: Number.POSITIVE_INFINITY, perSender: Number.POSITIVE_INFINITY };
  return { inAll: places, perSender: shareOf(places, senderShare) };
}

const shareOf = (places: number, share: number) => Math.max(1, Math.floor(places * share));
