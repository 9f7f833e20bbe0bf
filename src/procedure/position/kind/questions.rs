//! What a person looks at: the answer stands in the record, and a no is a FAIL.

use crate::operator::{Answer, OperatorError, Prompt};
use crate::procedure::error::StepError;
use crate::procedure::position::Position;
use crate::procedure::report::Measurement;
use crate::profile::verification::{Occasion, Questions};

/// The answers, in this order.
const ANSWERS: [&str; 2] = ["Yes", "No"];

impl Position<'_> {
    /// Asks one question after the other; all are asked, whatever is answered.
    pub(in crate::procedure::position) fn questions(
        &mut self,
        name: &str,
        questions: &Questions,
    ) -> Result<String, StepError> {
        let quantity = match questions.occasion {
            Occasion::Visual => "visual_check",
            Occasion::FirstTrial => "first_trial",
        };
        let mut refused = Vec::new();
        for (number, question) in questions.questions.iter().enumerate() {
            self.around.control.checkpoint()?;
            let part = number as f64 / questions.questions.len() as f64;
            self.progress(part, question.clone());
            // Enter alone answers nothing: a look that nobody took is no yes.
            let prompt = Prompt::choice(format!("{}: {question}", self.serial), &ANSWERS, None);
            let yes = match self.around.operator.ask(&prompt)? {
                Answer::Choice(chosen) => chosen == 0,
                _ => return Err(OperatorError::Unreadable.into()),
            };
            let answer = Measurement::judged(
                format!("{quantity}_{}", number + 1),
                name,
                (if yes { 1.0 } else { 0.0 }, ""),
                Some((1.0, 1.0)),
            );
            self.record(answer.limited_by(question).obtained(if yes { "answered yes" } else { "answered no" }, None));
            if !yes {
                refused.push(question.as_str());
            }
        }
        Ok(if refused.is_empty() {
            format!("{} of {} answered yes", questions.questions.len(), questions.questions.len())
        } else {
            format!("answered no: {}", refused.join("; "))
        })
    }
}
