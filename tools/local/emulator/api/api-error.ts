/**
 * The error codes of refused API requests: those that every API has
 * (https://cloud.tencent.com/document/product/266/31774), and those that the pages of single actions list.
 */
export type ApiErrorCode =
  | 'AuthFailure.InvalidAuthorization'
  | 'AuthFailure.SecretIdNotFound'
  | 'AuthFailure.SignatureExpire'
  | 'AuthFailure.SignatureFailure'
  | 'AuthFailure.TokenFailure'
  | 'FailedOperation'
  | 'FailedOperation.ClassLevelLimitExceeded'
  | 'FailedOperation.ClassNameDuplicate'
  | 'FailedOperation.CoverType'
  | 'FailedOperation.MediaType'
  | 'FailedOperation.ParentIdNoFound'
  | 'InternalError'
  | 'InvalidAction'
  | 'InvalidParameter'
  | 'InvalidParameter.ExpireTime'
  | 'InvalidParameter.StorageRegion'
  | 'InvalidParameterValue'
  | 'InvalidParameterValue.AddTagsAndClearTagsConflict'
  | 'InvalidParameterValue.AddTagsAndDeleteTagsConflict'
  | 'InvalidParameterValue.CoverType'
  | 'InvalidParameterValue.CoverUrl'
  | 'InvalidParameterValue.Description'
  | 'InvalidParameterValue.ExpireTime'
  | 'InvalidParameterValue.FileId'
  | 'InvalidParameterValue.FileIdsEmpty'
  | 'InvalidParameterValue.FileIdsOverLimit'
  | 'InvalidParameterValue.ImageDecodeError'
  | 'InvalidParameterValue.Limit'
  | 'InvalidParameterValue.MediaManifestContent'
  | 'InvalidParameterValue.MediaStoragePath'
  | 'InvalidParameterValue.MediaType'
  | 'InvalidParameterValue.MediaUrl'
  | 'InvalidParameterValue.Name'
  | 'InvalidParameterValue.Names'
  | 'InvalidParameterValue.Offset'
  | 'InvalidParameterValue.ProcedureName'
  | 'InvalidParameterValue.SessionContextTooLong'
  | 'InvalidParameterValue.SessionId'
  | 'InvalidParameterValue.SessionIdTooLong'
  | 'InvalidParameterValue.SubAppId'
  | 'InvalidParameterValue.TagTooLong'
  | 'InvalidParameterValue.TaskId'
  | 'InvalidParameterValue.Type'
  | 'InvalidParameterValue.VodSessionKey'
  | 'LimitExceeded.TagCountReachMax'
  | 'MissingParameter'
  | 'NoSuchVersion'
  | 'RequestLimitExceeded'
  | 'RequestSizeLimitExceeded'
  | 'ResourceNotFound'
  | 'ResourceNotFound.FileNotExist'
  | 'UnknownParameter'
  | 'UnsupportedOperation'
  | 'UnsupportedProtocol';

/** Thrown if an API request is refused; its message says precisely what is wrong. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiError';
    this.code = code;
  }
}

/** Returns the refusal of an API request, to be thrown. */
export function apiError(code: ApiErrorCode, message: string, options?: ErrorOptions): ApiError {
  return new ApiError(code, message, options);
}
