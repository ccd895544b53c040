//! What `settings` lines set for one server.

use crate::subject::{self, SETTINGS, Setting};

/// `settings`: what the lines set for one server, of all [`SETTINGS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether each of the table is set, in its order.
    set: [bool; SETTINGS.len()],
    /// What the server has: the default of what is not set.
    values: subject::Settings,
}

impl Settings {
    /// What is to be said of a server that has the one and is to have the other: what differs. What is switched on is
    /// said again; what is switched off can't be said.
    #[must_use]
    pub fn change(from: subject::Settings, to: subject::Settings) -> Settings {
        let mut settings = Settings::default();
        for setting in &SETTINGS {
            let is_switch = setting.is_off(subject::Settings::default());
            if is_switch || setting.differs(from, to) {
                settings.set(setting, to);
            }
        }
        settings
    }

    /// What a server has that is told no more: these, and the defaults.
    #[must_use]
    pub fn values(&self) -> subject::Settings {
        self.values
    }

    /// What is set, in the order of the table.
    pub fn all(&self) -> impl Iterator<Item = &'static Setting> + use<> {
        SETTINGS.iter().zip(self.set).filter_map(|(setting, is_set)| is_set.then_some(setting))
    }

    /// Whether this one is set.
    #[must_use]
    pub fn sets(&self, setting: &Setting) -> bool {
        self.all().any(|set| set.word == setting.word)
    }

    /// Sets one to what it is there, if it is not off there.
    pub fn set(&mut self, setting: &Setting, values: subject::Settings) {
        setting.copy(values, &mut self.values);
        self.mark(setting, !setting.is_off(values));
    }

    /// Sets one no more, unless another one that is set rests on it.
    pub fn reset(&mut self, setting: &Setting) {
        if !setting.is_needed(self.values) {
            setting.reset(&mut self.values);
            self.mark(setting, false);
        }
    }

    /// What is set by these and then by a later line.
    #[must_use]
    pub fn then(mut self, later: Settings) -> Settings {
        later.all().for_each(|setting| self.set(setting, later.values));
        self
    }

    fn mark(&mut self, setting: &Setting, is_set: bool) {
        let rows = SETTINGS.iter().zip(&mut self.set);
        rows.filter(|(row, _)| row.word == setting.word).for_each(|(_, set)| *set = is_set);
    }
}
