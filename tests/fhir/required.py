"""Required: the closed sets of codes that FHIR R4 (4.0.1) binds elements to, where nothing else may stand.

Each under its type and element, a part of a resource being a type of its own: the status in
`Encounter.statusHistory` is `EncounterStatusHistory.status`. Written from the value sets of the standard,
since no library of Python checks them.
"""

from types import MappingProxyType


def _words(told: str) -> frozenset[str]:
    return frozenset(told.split())


ENCOUNTER = "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
EPISODE = "planned waitlist active onhold finished cancelled entered-in-error"
PARTICIPATION = "accepted declined tentative needs-action"
REQUEST = "draft active on-hold revoked completed entered-in-error unknown"
TASK_INTENT = "unknown proposal plan order original-order reflex-order filler-order instance-order option"
INTENT = TASK_INTENT.replace("unknown", "directive")
PRIORITY = "routine urgent asap stat"
FINANCIAL = "active cancelled draft entered-in-error"
EVENT = "preparation in-progress not-done on-hold stopped completed entered-in-error unknown"
PUBLICATION = "draft active retired unknown"
DAYS = "mon tue wed thu fri sat sun"
UNITS_OF_TIME = "s min h d wk mo a"
GENDER = "male female other unknown"
SEARCH_PARAMETER = "number date string token reference composite quantity uri special"
COMPARATORS = "< <= >= >"

REQUIRED = MappingProxyType(
    {
        path: _words(told)
        for path, told in {
            # data types
            "Identifier.use": "usual official temp secondary old",
            "HumanName.use": "usual official temp nickname anonymous old maiden",
            "ContactPoint.system": "phone fax email pager url sms other",
            "ContactPoint.use": "home work temp old mobile",
            "Address.use": "home work temp old billing",
            "Address.type": "postal physical both",
            "Narrative.status": "generated extensions additional empty",
            "Quantity.comparator": COMPARATORS,
            "Duration.comparator": COMPARATORS,
            "Age.comparator": COMPARATORS,
            "TimingRepeat.durationUnit": UNITS_OF_TIME,
            "TimingRepeat.periodUnit": UNITS_OF_TIME,
            "TimingRepeat.dayOfWeek": DAYS,
            "RelatedArtifact.type": "documentation justification citation predecessor successor derived-from "
            "depends-on composed-of",
            # people, and what they are under the care of
            "Patient.gender": GENDER,
            "PatientContact.gender": GENDER,
            "PatientLink.type": "replaced-by replaces refer seealso",
            "EpisodeOfCare.status": EPISODE,
            "EpisodeOfCareStatusHistory.status": EPISODE,
            "CareTeam.status": "proposed active suspended inactive entered-in-error",
            "Encounter.status": ENCOUNTER,
            "EncounterStatusHistory.status": ENCOUNTER,
            "EncounterLocation.status": "planned active reserved completed",
            "Location.status": "active suspended inactive",
            "Location.mode": "instance kind",
            "Group.type": "person animal practitioner device medication substance",
            # appointments
            "Appointment.status": "proposed pending booked arrived fulfilled cancelled noshow "
            "entered-in-error checked-in waitlist",
            "AppointmentParticipant.required": "required optional information-only",
            "AppointmentParticipant.status": PARTICIPATION,
            "AppointmentResponse.participantStatus": PARTICIPATION,
            "Slot.status": "busy free busy-unavailable busy-tentative entered-in-error",
            # what is asked for and done
            "ServiceRequest.status": REQUEST,
            "ServiceRequest.intent": INTENT,
            "ServiceRequest.priority": PRIORITY,
            "Task.status": "draft requested received accepted rejected ready cancelled in-progress on-hold "
            "failed completed entered-in-error",
            "Task.intent": TASK_INTENT,
            "Task.priority": PRIORITY,
            "CarePlan.status": REQUEST,
            "CarePlan.intent": "proposal plan order option",
            "CarePlanActivityDetail.kind": "Appointment CommunicationRequest DeviceRequest "
            "MedicationRequest NutritionOrder Task ServiceRequest VisionPrescription",
            "CarePlanActivityDetail.status": "not-started scheduled in-progress on-hold completed cancelled "
            "stopped unknown entered-in-error",
            "Goal.lifecycleStatus": "proposed planned accepted active on-hold completed cancelled "
            "entered-in-error rejected",
            "Communication.status": EVENT,
            "Communication.priority": PRIORITY,
            "CommunicationRequest.status": REQUEST,
            "CommunicationRequest.priority": PRIORITY,
            "DocumentReference.status": "current superseded entered-in-error",
            "DocumentReference.docStatus": "preliminary final amended entered-in-error",
            "DiagnosticReport.status": "registered partial preliminary final amended corrected appended "
            "cancelled entered-in-error unknown",
            "Observation.status": "registered preliminary final amended corrected cancelled "
            "entered-in-error unknown",
            "Flag.status": "active inactive entered-in-error",
            # consent, and who pays
            "Consent.status": "draft proposed active rejected inactive entered-in-error",
            "ConsentProvision.type": "deny permit",
            "ConsentProvisionData.meaning": "instance related dependents authoredby",
            "Coverage.status": FINANCIAL,
            "Claim.status": FINANCIAL,
            "Claim.use": "claim preauthorization predetermination",
            "ClaimResponse.status": FINANCIAL,
            "ClaimResponse.use": "claim preauthorization predetermination",
            "ClaimResponse.outcome": "queued complete error partial",
            "CoverageEligibilityRequest.status": FINANCIAL,
            "CoverageEligibilityRequest.purpose": "auth-requirements benefits discovery validation",
            "CoverageEligibilityResponse.status": FINANCIAL,
            "CoverageEligibilityResponse.purpose": "auth-requirements benefits discovery validation",
            "CoverageEligibilityResponse.outcome": "queued complete error partial",
            # who did it, and who looked
            "AuditEvent.action": "C R U D E",
            "AuditEvent.outcome": "0 4 8 12",
            "AuditEventAgentNetwork.type": "1 2 3 4 5",
            "ProvenanceEntity.role": "derivation revision quotation source removal",
            # how it is carried
            "Bundle.type": "document message transaction transaction-response batch batch-response history "
            "searchset collection",
            "BundleEntrySearch.mode": "match include outcome",
            "BundleEntryRequest.method": "GET HEAD POST PUT DELETE PATCH",
            "OperationOutcomeIssue.severity": "fatal error warning information",
            "OperationOutcomeIssue.code": "invalid structure required value invariant security login unknown "
            "expired forbidden suppressed processing not-supported duplicate multiple-matches not-found "
            "deleted too-long code-invalid extension too-costly business-rule conflict transient lock-error "
            "no-store exception timeout incomplete throttled informational",
            "Subscription.status": "requested active error off",
            "SubscriptionChannel.type": "rest-hook websocket email sms message",
            # what a server says of itself
            "CapabilityStatement.status": PUBLICATION,
            "CapabilityStatement.kind": "instance capability requirements",
            "CapabilityStatementRest.mode": "client server",
            "CapabilityStatementRestResource.versioning": "no-version versioned versioned-update",
            "CapabilityStatementRestResource.conditionalRead": "not-supported modified-since not-match "
            "full-support",
            "CapabilityStatementRestResource.conditionalDelete": "not-supported single multiple",
            "CapabilityStatementRestResource.referencePolicy": "literal logical resolves enforced local",
            "CapabilityStatementRestResourceInteraction.code": "read vread update patch delete "
            "history-instance history-type create search-type",
            "CapabilityStatementRestInteraction.code": "transaction batch search-system history-system",
            "CapabilityStatementRestResourceSearchParam.type": SEARCH_PARAMETER,
            "SearchParameter.status": PUBLICATION,
            "SearchParameter.type": SEARCH_PARAMETER,
            "StructureDefinition.status": PUBLICATION,
            "CodeSystem.status": PUBLICATION,
            "CodeSystem.content": "not-present example fragment complete supplement",
            "CodeSystem.hierarchyMeaning": "grouped-by is-a part-of classified-with",
            "ValueSet.status": PUBLICATION,
            "OperationDefinition.status": PUBLICATION,
            "OperationDefinition.kind": "operation query",
            "OperationDefinitionParameter.use": "in out",
        }.items()
    }
)
"""By type and element."""
