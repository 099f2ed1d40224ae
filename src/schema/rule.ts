import { Extensions } from 'type-graphql';
import type { z } from 'zod';

/** Where a field of an input class carries its rule, in the schema itself: the check and the OpenAPI document both read it there. */
export const RULE = 'rule';

/** The constraint of an input's field, once for every door. Its message must never quote the value. */
export const Rule = (rule: z.ZodType): PropertyDecorator & MethodDecorator => Extensions({ [RULE]: rule }) as PropertyDecorator & MethodDecorator;
