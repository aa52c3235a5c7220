import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { BerNode } from '../../engine/core/ber.ts';
import { contentOf, readBer } from '../../engine/core/ber.ts';
import { der, TAG } from '../../engine/core/der.ts';

/** A CMS taken apart, to be changed and put together again; whatever a test breaks on purpose, it breaks here. */
export interface Tree {
  tag: number;
  content: Buffer;
  children: Tree[];
}

/** Takes an encoding apart. */
export function treeOf(encoded: Buffer): Tree {
  return fromNode(readBer(encoded));
}

function fromNode(node: BerNode): Tree {
  return { tag: node.tag, content: contentOf(node), children: node.children.map(fromNode) };
}

/** Puts a tree together again in DER lengths (order as it is). */
export function derFrom({ tag, content, children }: Tree): Buffer {
  return tag & 0x20 ? der(tag, ...children.map(derFrom)) : der(tag, content);
}

/** As `derFrom`, with indefinite lengths everywhere but in certificates, which are DER by definition. */
export function berFrom(tree: Tree): Buffer {
  if (!(tree.tag & 0x20) || isCertificate(tree)) return derFrom(tree);
  return Buffer.concat([Buffer.from([tree.tag, 0x80]), ...tree.children.map(berFrom), Buffer.from([0, 0])]);
}

function isCertificate({ tag, children }: Tree): boolean {
  return tag === TAG.sequence && children.length === 3 && children[2]!.tag === TAG.bitString;
}

/** The parts of a SignedData: [version, digestAlgorithms, content, certificates?, signerInfos]. */
export function signedDataIn(tree: Tree): Tree {
  return tree.children[1]!.children[0]!;
}

export function signersIn(tree: Tree): Tree[] {
  return signedDataIn(tree).children.at(-1)!.children;
}

export function certificatesIn(tree: Tree): Tree[] {
  return signedDataIn(tree).children.find(({ tag }) => tag === 0xa0)!.children;
}

/** The signed attributes of the first signer. */
export function attributesIn(tree: Tree): Tree[] {
  return signersIn(tree)[0]!.children.find(({ tag }) => tag === 0xa0)!.children;
}

/** The attribute whose type ends in this number: 3 contentType, 4 messageDigest, 5 signingTime. */
export function attributeIn(tree: Tree, number: 3 | 4 | 5): Tree {
  const type = `2a864886f70d01090${number}`;
  return attributesIn(tree).find(({ children }) => children[0]!.content.toString('hex') === type)!;
}

/** A deep copy. */
export function copyOf({ tag, content, children }: Tree): Tree {
  return { tag, content: Buffer.from(content), children: children.map(copyOf) };
}

/** Gives the first signer a true RSA or ECDSA signature (SHA-256) over its attributes as they now are. */
export function resign(tree: Tree, keyPath: string, order: 'received' | 'sorted' = 'received'): Tree {
  const parts = attributesIn(tree).map(derFrom);
  if (order === 'sorted') parts.sort(Buffer.compare);
  const signature = signersIn(tree)[0]!.children.findLast(({ tag }) => tag === TAG.octetString)!;
  signature.content = sign('sha256', der(TAG.set, ...parts), createPrivateKey(readFileSync(keyPath)));
  return tree;
}

/** Changes a CMS by way of its tree. */
export function operate(encoded: Buffer, change: (tree: Tree) => void): Buffer {
  const tree = treeOf(encoded);
  change(tree);
  return derFrom(tree);
}
