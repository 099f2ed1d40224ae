import { http, type HttpAnswer, type HttpWish } from './http.js';

/** Something that must be nowhere but where it is shown on purpose. */
export interface Secret {
  kind: string;
  value: string;
}

/** A text that was found somewhere, and where. */
export interface Sighting {
  where: string;
  text: string;
}

/** The clothes in which a secret may hide: as it is, in base64 (whatever stands before it), in hex, in a URL, in JSON. */
function coded(value: string): string[] {
  const bytes = Buffer.from(value);
  // Three bytes are four letters: what the neighbours have a part in is left out.
  const inBase64 = [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64').replace(/=+$/, '');
    const inner = text.slice(offset === 0 ? 0 : 4, text.length - 3);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [...new Set([value, ...inBase64, bytes.toString('hex'), encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])];
}

/** Everything that a run has seen, and what of it must not hold a secret. */
export class Witness {
  readonly secrets: Secret[] = [];
  private readonly sightings: Sighting[] = [];

  /** From now on it is looked for. */
  hides(kind: string, value: string): string {
    if (value.length < 8) throw new Error(`The ${kind} is too short to be looked for`);
    this.secrets.push({ kind, value });
    return value;
  }

  saw(where: string, text: string): void {
    this.sightings.push({ where, text });
  }

  /** A request whose answer shows no secret. */
  async ask(url: string, wish: HttpWish = {}): Promise<HttpAnswer> {
    const answer = await http(url, wish);
    this.saw(`${wish.method ?? (wish.json === undefined && wish.raw === undefined ? 'GET' : 'POST')} ${new URL(url).pathname} ${answer.status}`, `${JSON.stringify([...answer.headers])}\n${answer.text}`);
    return answer;
  }

  /** How many places were looked at. */
  get places(): number {
    return this.sightings.length;
  }

  /** Each secret with each place where it was found. */
  findings(): string[] {
    return this.secrets.flatMap(({ kind, value }) => {
      const forms = coded(value);
      return this.sightings.filter(({ text }) => forms.some((form) => text.includes(form))).map(({ where, text }) => {
        const form = forms.find((one) => text.includes(one))!;
        return `${kind} in ${where}: …${text.slice(Math.max(0, text.indexOf(form) - 80), text.indexOf(form) + 20)}…`;
      });
    });
  }
}
