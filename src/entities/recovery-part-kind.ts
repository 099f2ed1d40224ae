/** What a part of an archive is. */
export enum RecoveryPartKind {
  /** All of the content, which a recovery begins with. */
  BASE = 'BASE',
  /** A piece of the engine's log. */
  SEGMENT = 'SEGMENT',
}
