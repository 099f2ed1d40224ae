import { Field, ID, InputType } from 'type-graphql';

@InputType()
export class AuditFilterInput {
  @Field(() => String, { nullable: true, description: 'The operation, e.g. deployService.' })
  action?: string | null;

  @Field(() => ID, { nullable: true })
  accountId?: string | null;

  @Field(() => ID, { nullable: true })
  targetId?: string | null;

  @Field(() => String, { nullable: true, description: 'OK, or a code of a refusal.' })
  outcome?: string | null;

  @Field(() => Date, { nullable: true })
  since?: Date | null;

  @Field(() => Date, { nullable: true })
  until?: Date | null;
}
