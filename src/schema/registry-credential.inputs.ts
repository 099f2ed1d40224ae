import { Field, ID, InputType } from 'type-graphql';
import { z } from 'zod';
import { Rule } from './rule.js';

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;
const NO_CONTROLS = /^[^\p{Cc}]+$/u;
const PASSWORD = /^([^\p{Cc}]+|-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END [A-Z ]*PRIVATE KEY-----\s*)$/u;

@InputType()
export class SetRegistryCredentialInput {
  @Rule(z.string().max(253, 'must be at most 253 characters').regex(HOST, 'must be the name of a registry, such as ghcr.io or registry.example.com:5000'))
  @Field({ description: 'As it stands in images, e.g. ghcr.io; docker.io for those without one. Or the host that repositories are built from, e.g. github.com.' })
  registry!: string;

  @Rule(z.string().max(255, 'must be at most 255 characters').regex(NO_CONTROLS, 'must not be empty or hold control characters').regex(/^[^:]*$/, 'must not hold a colon'))
  @Field()
  username!: string;

  @Rule(z.string().max(4096, 'must be at most 4096 characters').regex(PASSWORD, 'must not be empty or hold control characters, but for the line ends of a private key'))
  @Field({ description: 'A password, an access token, or the private key of a GitHub App (username: app/<id>). It is sealed at rest and never given back.' })
  password!: string;

  @Field(() => ID, { nullable: true, description: 'Default: the personal team, or the one that the token is held to.' })
  teamId?: string | null;
}
