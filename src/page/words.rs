//! The words of the contract in both languages.

use super::lang::Lang;
use detente_proto::v1::{
    AttributionRole, Certainty, ChangeReason, ConflictType, DisputeOutcome, GapType, LinkType, Modality, PartyType,
    Polarity, RetractionReason, RevisionEvent, RevisionKind, Status, Transition,
};

/// Something that is said in one word of either language.
pub(super) trait PageWord {
    /// The word; empty where nothing is said.
    fn word(self, lang: Lang) -> &'static str;
}

/// Gives the values of an enum their words.
macro_rules! words {
    ($of:ident { $($value:ident: $en:literal, $ar:literal;)* }) => {
        impl PageWord for $of {
            fn word(self, lang: Lang) -> &'static str {
                match self {
                    $(Self::$value => lang.t($en, $ar),)*
                    Self::Unspecified => "",
                }
            }
        }
    };
}

words!(Certainty { Definite: "definite", "مؤكَّد"; Possible: "possible", "محتمَل"; });

words!(Modality {
    Asserted: "asserted", "مقرَّر";
    Reported: "reported", "منقول";
    Alleged: "alleged", "مزعوم";
    Suspected: "suspected", "مشتبَه به";
    Perceived: "perceived", "منظور إليه هكذا";
    Presupposed: "presupposed", "مفترَض ضمنًا";
    Denied: "denied", "منفيّ";
    Planned: "planned", "مخطَّط له";
    Hypothetical: "hypothetical", "افتراضيّ";
    Absent: "said to be absent", "يُقال إنه غير موجود";
    NoInformation: "no information", "لا معلومات";
});

words!(Polarity {
    Cooperation: "cooperation", "تعاون";
    Tension: "tension", "توتّر";
    Neutral: "neutral", "محايد";
    Mixed: "mixed", "مختلط";
    Mitigating: "mitigating", "مخفِّف";
});

words!(Status {
    Proposed: "proposed", "مقترَح";
    Demanded: "demanded", "مطلوب";
    Negotiated: "negotiated", "قيد التفاوض";
    Signed: "signed", "موقَّع";
    Ratified: "ratified", "مصادَق عليه";
    Concluded: "concluded", "معقود";
    InForce: "in force", "سارٍ";
    Suspended: "suspended", "معلَّق";
    Terminated: "terminated", "منتهٍ";
    Done: "done", "تمّ";
    Failed: "failed", "فشل";
    NoneKnown: "none known", "لا يُعرف شيء";
    Fulfilled: "fulfilled", "نُفِّذ";
    Partial: "met in part", "نُفِّذ جزئيًّا";
    Unfulfilled: "not met", "لم يُنفَّذ";
    Announced: "announced", "معلَن";
    Rejected: "rejected", "مرفوض";
});

words!(AttributionRole {
    Speaker: "says", "يقول";
    Accuser: "accuses", "يتّهم";
    Perceiver: "sees it so", "يراه كذلك";
    Reporter: "reports", "ينقل";
    Publisher: "publishes", "ينشر";
    Coder: "codes", "يرمّز";
});

words!(RevisionEvent {
    Asserted: "asserted", "دُوِّن";
    Revised: "revised", "نُقِّح";
    Confirmed: "confirmed", "أُكِّد";
    Retracted: "retracted", "سُحب";
    Reinstated: "reinstated", "أُعيد";
    Disputed: "disputed", "نوزِع فيه";
    DisputeResolved: "dispute resolved", "حُسم النزاع";
});

words!(RevisionKind {
    Correction: "a correction: it was recorded wrongly", "تصحيح: كان التدوين خطأ";
    PrecisionRefined: "sharper: something vague became exact", "تدقيق: صار المبهم محدَّدًا";
    WorldChange: "the world changed", "تغيّر الواقع";
    Recoded: "the same words, coded otherwise", "الكلمات نفسها بترميز آخر";
    Enriched: "something was added", "أُضيف شيء";
});

words!(RetractionReason {
    SourceWithdrawn: "its source withdrew it", "سحبه مصدره";
    Duplicate: "it is another claim again", "مكرَّر";
    OutOfScope: "out of scope", "خارج النطاق";
    Wrong: "recorded wrongly", "دُوِّن خطأً";
    Legal: "the law demands it", "بحكم القانون";
});

words!(DisputeOutcome {
    Upheld: "upheld", "ثبت";
    Rejected: "rejected", "رُفض";
    Withdrawn: "withdrawn", "سُحب";
    Settled: "settled", "سُوِّي";
    Inconclusive: "left undecided", "لم يُحسم";
});

words!(PartyType {
    State: "state", "دولة";
    Organisation: "organisation", "منظّمة";
    Person: "person", "شخص";
    Group: "group", "جماعة";
    Region: "region", "إقليم";
    Medium: "medium", "وسيلة إعلام";
    Publisher: "publisher", "ناشر";
    Document: "document", "وثيقة";
    Recorder: "recorder", "مدوِّن";
    Unnamed: "unnamed", "غير مسمّى";
});

words!(ChangeReason {
    New: "new", "جديد";
    LateReport: "reported late", "بلاغ متأخّر";
    Correction: "correction", "تصحيح";
    PrecisionRefined: "sharper", "تدقيق";
    Recoded: "recoded", "ترميز آخر";
    Enriched: "enriched", "إضافة";
    WorldChange: "the world changed", "تغيّر الواقع";
    Confirmation: "confirmed", "تأكيد";
    Retraction: "retracted", "سحب";
    Reinstatement: "reinstated", "إعادة";
    Dispute: "disputed", "نزاع";
    Resolution: "dispute resolved", "حسم نزاع";
    TimePassed: "time passed", "مرور الزمن";
});

words!(ConflictType {
    Link: "contradicts", "يناقض";
    Dispute: "disputed", "نزاع";
    SingleValued: "two values at one time", "قيمتان في وقت واحد";
});

words!(Transition {
    MayBegin: "may begin", "قد يبدأ";
    Begins: "begins", "يبدأ";
    MayEnd: "may end", "قد ينتهي";
    Ends: "ends", "ينتهي";
    FallsDue: "falls due", "يستحقّ";
});

words!(GapType {
    UncoveredSpan: "nothing sourced covers this span", "لا قول مسندًا يغطّي هذه المدّة";
    NoDate: "no date", "بلا تاريخ";
    SingleOrigin: "one origin alone, or none", "أصل واحد أو لا أصل";
    Stale: "not confirmed for long", "لم يؤكَّد منذ زمن";
    OpenDispute: "open dispute", "نزاع قائم";
});

impl PageWord for LinkType {
    /// The name it has in the contract; a link is read by those who know it.
    fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Contradicts => lang.t("contradicts", "يناقض"),
            Self::Supersedes => lang.t("takes the place of", "يحلّ محلّ"),
            Self::CausedBy => lang.t("was caused by", "سببه"),
            Self::RespondsTo => lang.t("responds to", "ردّ على"),
            Self::Fulfils => lang.t("fulfils", "ينفّذ"),
            Self::Breaches => lang.t("breaches", "يخرق"),
            Self::PartOf => lang.t("is part of", "جزء من"),
            Self::Answers => lang.t("answers", "يجيب عن"),
            other => other.as_str_name().strip_prefix("LINK_TYPE_").unwrap_or_default(),
        }
    }
}

/// A kind of the open vocabulary: as it is written, with spaces, or in Arabic where it is a common one.
pub(super) fn kind(kind: &str, lang: Lang) -> String {
    let arabic = match kind {
        "agreement" => "اتفاق",
        "economic_agreement" => "اتفاق اقتصادي",
        "accusation" => "اتهام",
        "arrest" => "توقيف",
        "demand" => "مطلب",
        "apology" => "اعتذار",
        "appeal" => "دعوة",
        "incident" => "حادث",
        "policy" => "سياسة",
        "pressure" => "ضغط",
        "reaction" => "ردّ فعل",
        "influence" => "نفوذ",
        "mediation" => "وساطة",
        "casualties" => "ضحايا",
        "punishment" => "عقاب",
        "media_campaign" => "حملة إعلامية",
        "relationship_state" => "حال العلاقة",
        "causal_explanation" => "تفسير سببي",
        "diplomatic_statement" => "تصريح دبلوماسي",
        "diplomatic_relations" => "علاقات دبلوماسية",
        "fulfilment_status" => "مدى التنفيذ",
        "assessment" => "تقدير",
        "position" => "موقف",
        "dependence" => "اعتماد",
        "support" => "دعم",
        "economic_relations" => "علاقات اقتصادية",
        "economic_support" => "دعم اقتصادي",
        "economic_pressure" => "ضغط اقتصادي",
        "military_action" => "عمل عسكري",
        "military_cooperation" => "تعاون عسكري",
        "attribute_of_event" => "صفة حدث",
        "war" => "حرب",
        "alliance" => "تحالف",
        "crime" => "جريمة",
        _ => "",
    };
    either(kind, arabic, lang)
}

/// A role of the open vocabulary, likewise.
pub(super) fn role(role: &str, lang: Lang) -> String {
    let arabic = match role {
        "party" => "طرف",
        "actor" => "فاعل",
        "target" => "مستهدَف",
        "counterpart" => "مقابِل",
        "subject" => "موضوع",
        "accuser" => "متَّهِم",
        "third_party" => "طرف ثالث",
        "state" => "دولة",
        "region" => "منطقة",
        "holder" => "صاحب",
        "publisher" => "ناشر",
        "affected" => "متأثّر",
        "mediator" => "وسيط",
        "supporter" => "داعم",
        "beneficiary" => "مستفيد",
        "addressee" => "مخاطَب",
        _ => "",
    };
    either(role, arabic, lang)
}

fn either(word: &str, arabic: &str, lang: Lang) -> String {
    if lang.is_rtl() && !arabic.is_empty() { arabic.to_owned() } else { super::text::line(word, 64).replace('_', " ") }
}
