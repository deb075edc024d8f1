"""X12 and Da Vinci PAS: the code systems, codes and extensions of a prior authorization, in and out.

The codes are X12's; the words beside them are our own.  FHIR: PAS 2.2.1 on R4.  X12: 278 005010X217.
"""

from journey.domain.authorization import AuthorizationUnit, ReviewAction, Urgency

X12 = "https://codesystem.x12.org/005010/"
REVIEW_ACTIONS = f"{X12}306"
LEVELS_OF_SERVICE = f"{X12}1338"
CERTIFICATION_TYPES = f"{X12}1322"
SERVICE_TYPES = f"{X12}1365"
UNITS = f"{X12}355"
REPORT_TYPES = f"{X12}755"
FOLLOW_UPS = f"{X12}889"
REJECT_REASONS = f"{X12}901"
REVIEW_REASONS = "https://codesystem.x12.org/external/886"

ACTIONS = {action.value: action for action in ReviewAction}
"""Element 306 as a 278 may answer: what else the element has is no answer to a request."""

URGENCIES = {"03": Urgency.EXPEDITED, "U": Urgency.EXPEDITED, "E": Urgency.STANDARD}
"""Element 1338 (UM06): emergency, urgent, elective."""

INITIAL, RENEWAL, REVISED, EXTENSION, CANCEL = "I", "R", "S", "4", "3"
APPEALS = frozenset({"1", "2", "N"})
CERTIFICATIONS = frozenset({INITIAL, RENEWAL, REVISED, EXTENSION, CANCEL}) | APPEALS
"""Element 1322 (UM02): what kind of asking it is. Appeals are immediate, standard, a reconsideration."""

COUNTED = {
    "UN": AuthorizationUnit.UNITS,
    "VS": AuthorizationUnit.VISITS,
    "DA": AuthorizationUnit.DAYS,
    "HR": AuthorizationUnit.HOURS,
    "MJ": AuthorizationUnit.MINUTES,
    "MO": AuthorizationUnit.MONTHS,
}
"""Element 355: what a quantity counts."""

PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
REVIEW_ACTION = f"{PAS}extension-reviewAction"
REVIEW_ACTION_CODE = f"{PAS}extension-reviewActionCode"
REVIEWER = f"{PAS}extension-claimResponseReviewer"
LEVEL_OF_SERVICE = f"{PAS}extension-levelOfServiceCode"
CERTIFICATION_TYPE = f"{PAS}extension-certificationType"
CARE_TEAM_CLAIM_SCOPE = f"{PAS}extension-careTeamClaimScope"
REQUESTED_SERVICE = f"{PAS}extension-requestedService"
INFO_CHANGED = f"{PAS}extension-infoChanged"
INFO_CANCELLED = f"{PAS}modifierextension-infoCancelled"
AUTHORIZATION_NUMBER = f"{PAS}extension-authorizationNumber"
ADMINISTRATION_REFERENCE = f"{PAS}extension-administrationReferenceNumber"
ITEM_PERIOD = f"{PAS}extension-itemPreAuthPeriod"
ITEM_ISSUED = f"{PAS}extension-itemPreAuthIssueDate"
ITEM_REQUESTED = f"{PAS}extension-itemRequestedServiceDate"
ITEM_DETAIL = f"{PAS}extension-itemAuthorizedDetail"
ITEM_PROVIDER = f"{PAS}extension-itemAuthorizedProvider"
ITEM_TRACE = f"{PAS}extension-itemTraceNumber"
ERROR_ELEMENT = f"{PAS}extension-errorElement"
ERROR_PATH = f"{PAS}extension-errorPath"
ERROR_FOLLOW_UP = f"{PAS}extension-errorFollowupAction"
SERVICE_LINE = f"{PAS}extension-serviceLineNumber"
CERTIFIED_BEFORE = frozenset(
    {
        REVIEW_ACTION_CODE,
        f"{PAS}extension-itemCertificationIssueDate",
        f"{PAS}extension-itemCertificationEffectiveDate",
        f"{PAS}extension-itemCertificationExpirationDate",
    }
)
"""What only the item of an inquiry says: it looks for what was certified."""

PROFILE_UPDATE = f"{PAS}profile-claim-update"
PROFILE_INQUIRY = f"{PAS}profile-claim-inquiry"
PROFILE_INQUIRY_RESPONSE = f"{PAS}profile-claiminquiryresponse"

PAS_CODES = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"
NPI = "http://hl7.org/fhir/sid/us-npi"
NDC = "http://hl7.org/fhir/sid/ndc"
LOINC = "http://loinc.org"
