/** What a scanner says of some content. */
export type ScanVerdict =
  | { readonly kind: 'clean' }
  | { readonly kind: 'infected'; readonly signature: string }
  /** It cannot look at all of it, now or later. */
  | { readonly kind: 'unscannable'; readonly reason: string };

/** Looks for viruses. */
export interface Scanner {
  /** Reads the content once, a piece at a time. Throws scanner_unavailable when the scanner did not judge it. */
  scan(content: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<ScanVerdict>;
  /** Resolves when the scanner judges a few bytes; throws scanner_unavailable. */
  probe(): Promise<void>;
}
