import { Field, ID, InputType } from 'type-graphql';
import { z } from 'zod';
import { Rule } from './rule.js';

const NAME = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,49}$/u, 'must be 1 to 50 letters, digits, spaces, dots, underscores or dashes');
const ADDRESS = z.string().max(2000, 'must be at most 2000 characters').refine(isAddress, 'must be https://…, syslog+tls://host:port or syslog://host:port, without a user or password in it');
const TOKEN = z.string().min(1, 'must not be empty').max(4096, 'must be at most 4096 characters').regex(/^[\x20-\x7e]+$/, 'must be printable ASCII, as a header is');

function isAddress(text: string): boolean {
  const url = URL.parse(text);
  if (!url || !url.hostname || url.username || url.password) return false;
  if (url.protocol === 'https:' || url.protocol === 'http:') return true;
  return (url.protocol === 'syslog:' || url.protocol === 'syslog+tls:') && ['', '/'].includes(url.pathname) && url.search === '';
}

@InputType()
export class CreateLogDrainInput {
  @Rule(NAME)
  @Field()
  name!: string;

  @Rule(ADDRESS)
  @Field({ description: 'https://… gets lines as NDJSON, syslog+tls://host:port and syslog://host:port as RFC 5424. Secrets belong into token.' })
  url!: string;

  @Rule(TOKEN)
  @Field(() => String, { nullable: true, description: 'Sent as the Authorization header, e.g. "Bearer …". It is sealed at rest and never given back.' })
  token?: string | null;

  @Field(() => ID, { nullable: true, description: 'Default: the personal team, or the one that the token is held to.' })
  teamId?: string | null;
}

@InputType()
export class UpdateLogDrainInput {
  @Rule(NAME)
  @Field(() => String, { nullable: true })
  name?: string | null;

  @Rule(ADDRESS)
  @Field(() => String, { nullable: true, description: 'A token that was given is kept only together with the host it was given for.' })
  url?: string | null;

  @Rule(TOKEN)
  @Field(() => String, { nullable: true })
  token?: string | null;
}
