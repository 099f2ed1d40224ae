import { Field, InputType } from 'type-graphql';
import { Rule } from './rule.js';
import { NEEDS, PREVIEW_IMAGE } from './preview.rules.js';
import { VARIABLE_CHANGES } from './variables.rule.js';
import { Variables } from './variables.scalar.js';

@InputType({ description: "How a service takes part in the previews of its repository's pull requests." })
export class ServicePreviewsInput {
  @Field(() => Boolean, { nullable: true, defaultValue: true, description: 'Each pull request of its repository gets a copy of it; needs a source.' })
  enabled?: boolean | null;

  @Rule(PREVIEW_IMAGE)
  @Field(() => String, { nullable: true, description: 'The image of the copy, where it is built elsewhere: `{commit}` and `{number}` stand for those of the pull request. Default: as the service itself gets its image.' })
  image?: string | null;

  @Rule(NEEDS)
  @Field(() => [String], { nullable: true, description: 'Services and databases of its environment that are copied with it. A database is a new, empty one.' })
  needs?: string[] | null;

  @Rule(VARIABLE_CHANGES)
  @Field(() => Variables, { nullable: true, description: 'Variables that have another value in previews. A value of null takes one away, and the others stay. They are sealed at rest and never given back.' })
  variables?: Record<string, string | null> | null;
}
