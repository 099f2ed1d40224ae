/** The grammar of github.com/distribution/reference, for names as people write them. */
const PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
/** Told from a first part of the path by a dot, a port, or being localhost. */
const HOST = `(?:localhost|${LABEL}(?:\\.${LABEL})+|${LABEL}(?=:))(?::[0-9]{1,5})?`;
const IMAGE = new RegExp(`^((?:${HOST}/)?${PART}(?:/${PART})*)(?::\\w[\\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$`);
const MAX_NAME = 255;

/** Whether `text` names an image, e.g. `nginx:alpine` or `ghcr.io/owner/app@sha256:…`. */
export function isImageReference(text: string): boolean {
  if (text.length > 512) return false;
  const name = IMAGE.exec(text)?.[1];
  return name !== undefined && name.length <= MAX_NAME;
}
