import type { BerNode } from './ber.ts';
import { contentOf, malformed } from './ber.ts';
import { TAG } from './der.ts';

/** An AlgorithmIdentifier; `oid` is the content octets in hexadecimal, NULL parameters count as none. */
export interface AlgorithmId {
  readonly oid: string;
  readonly parameters?: BerNode;
}

/** Reads an AlgorithmIdentifier. */
export function algorithmOf(node: BerNode): AlgorithmId {
  const [type, parameters, ...rest] = children(node, TAG.sequence);
  if (!type || rest.length > 0) throw malformed('an algorithm identifier is not as it should be');
  if (!parameters) return { oid: oidOf(type) };
  if (parameters.tag !== TAG.null) return { oid: oidOf(type), parameters };
  if (contentOf(parameters).length > 0) throw malformed('NULL has content');
  return { oid: oidOf(type) };
}

/** The content octets of an OBJECT IDENTIFIER in hexadecimal. */
export function oidOf(node: BerNode): string {
  const content = contentOf(node);
  if (node.tag !== TAG.oid || content.length === 0) throw malformed('an object identifier was expected');
  return content.toString('hex');
}

/** The children of a node that must have this tag; none when there is no node. */
export function children(node: BerNode | undefined, tag: number): readonly BerNode[] {
  if (!node) return [];
  if (node.tag !== tag) throw malformed('an element has another type than expected');
  return node.children;
}

/** Takes the children of a node in their order, so that none is skipped and none is left. */
export function fields(node: BerNode, tag: number) {
  const all = children(node, tag);
  let next = 0;
  return {
    take(): BerNode {
      const child = all[next++];
      if (!child) throw malformed('an element is missing');
      return child;
    },
    takeIf(expected: number): BerNode | undefined {
      return all[next]?.tag === expected ? all[next++] : undefined;
    },
    end(): void {
      if (next !== all.length) throw malformed('there is an element too many');
    },
  };
}
