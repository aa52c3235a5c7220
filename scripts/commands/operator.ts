import { userInfo } from 'node:os';

/** The login name of whoever runs the command; its number where it has none. */
export function operator(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
