from journey.audit.disclosures import Basis, Channel, Sending

SENDING = Sending(
    Channel.EXPORT, "An analyst", "HOPERAT", Basis.OPERATIONS, "codes and times of what happened"
)
