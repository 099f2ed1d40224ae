import { Field, ObjectType } from 'type-graphql';

/** How a service takes part in the previews of its repository's pull requests. */
@ObjectType({ simpleResolvers: true, description: "How a service takes part in the previews of its repository's pull requests." })
export class ServicePreviews {
  @Field({ description: 'Each pull request of its repository gets a copy of it.' })
  enabled!: boolean;

  @Field(() => String, { nullable: true, description: 'The image of the copy, where it is built elsewhere: `{commit}` and `{number}` stand for those of the pull request. Null: as the service itself gets its image.' })
  image!: string | null;

  @Field(() => [String], { description: 'Services and databases of its environment that are copied with it. Databases that its variables refer to always are, new and empty.' })
  needs!: string[];

  @Field(() => [String], { description: 'Names of the variables that have another value in previews.' })
  variables!: string[];
}
