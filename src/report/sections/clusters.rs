//! The clusters: centroid, size, purity, nearest and farthest rows.

use askama::Template;

use super::super::facts::MOST_CARDS;
use super::super::gathered::Member;
use super::super::images::InlineImage;
use super::{Facts, ReportError, Section};
use crate::numbers::{count, grouped, short_percent};

#[derive(Template)]
#[template(path = "report/clusters.html")]
struct Clusters {
    words: Vec<String>,
    cards: Vec<Card>,
    tables: Vec<ClusterLine>,
}

/// A cluster whose centroid is a picture.
struct Card {
    picture: InlineImage,
    name: String,
    about: String,
    nearest: Vec<Shown>,
    farthest: Vec<Shown>,
}

struct Shown {
    picture: InlineImage,
    wrong: bool,
}

/// A cluster whose centroid is not a picture.
struct ClusterLine {
    name: String,
    about: String,
    nearest: String,
    farthest: String,
}

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let (mut cards, mut tables) = (Vec::new(), Vec::new());
    for c in facts.shown() {
        match facts.ink {
            Some(_) => cards.push(card(facts, c)?),
            None => tables.push(line(facts, c)),
        }
    }
    super::section::section("clusters", "The clusters", &Clusters { words: words(facts), cards, tables })
}

fn words(facts: &Facts<'_>) -> Vec<String> {
    let mut words = Vec::new();
    let what = if facts.ink.is_some() { "picture" } else { "row" };
    let mut text =
        format!("A centroid is the mean of its cluster, and usually not itself a {what} of the data.");
    if facts.ink.is_some() {
        text += " It is sharp where the members agree, and grey where they differ.";
    }
    words.push(text);
    if facts.named() {
        words.push(
            "A cluster has the name of the most frequent class of its rows; its purity is the share of rows of that class."
                .into(),
        );
    }
    if facts.gathered.is_some() {
        words.push(
            "The nearest members are typical of the cluster. The farthest are the first place to look for rows that do not \
             belong to it."
                .into(),
        );
    }
    if facts.truth().is_some() && facts.gathered.is_some() && facts.ink.is_some() {
        words.push("A row of another class is framed, and its class stands below it.".into());
    }
    words.extend(facts.choice_words(MOST_CARDS));
    words
}

fn about(facts: &Facts<'_>, c: usize) -> String {
    let noun = if facts.report.rows.is_none() && facts.model.weight_unit != 1.0 { "weight" } else { "rows" };
    let noun = if facts.sizes[c] == 1.0 && noun == "rows" { "row" } else { noun };
    let purity = facts.purities[c].map(|purity| format!(", purity {}", short_percent(purity)));
    format!("{} {noun}{}", count(facts.sizes[c]), purity.unwrap_or_default())
}

fn card(facts: &Facts<'_>, c: usize) -> Result<Card, ReportError> {
    let ink = facts.ink.ok_or_else(|| super::super::error::failed("a picture without a shape"))?;
    let name = facts.label(c);
    let centroid = facts.centroids.row(c).to_vec();
    let members = |of: fn(&super::super::gathered::Gathered) -> &Vec<Vec<Member>>| {
        let members = facts.gathered.as_ref().map_or(&[][..], |gathered| &of(gathered)[c]);
        members.iter().map(|member| shown(facts, c, member)).collect::<Result<Vec<_>, _>>()
    };
    Ok(Card {
        picture: ink.picture(&centroid, format!("centroid of {name}"), String::new())?,
        about: match facts.names[c] == facts.number(c) {
            true => about(facts, c),
            false => format!("{}, {}", facts.number(c), about(facts, c)),
        },
        nearest: members(|gathered| &gathered.nearest)?,
        farthest: members(|gathered| &gathered.farthest)?,
        name: facts.names[c].clone(),
    })
}

fn shown(facts: &Facts<'_>, c: usize, member: &Member) -> Result<Shown, ReportError> {
    let ink = facts.ink.ok_or_else(|| super::super::error::failed("a picture without a shape"))?;
    let class = facts.class_of(member.row);
    let wrong = facts.wrong(member.row, c);
    let alt = format!(
        "{}{}, at {}",
        class.map(|class| format!("{class}, ")).unwrap_or_default(),
        facts.row_words(member.row),
        grouped(member.distance)
    );
    let caption = class.filter(|_| wrong).unwrap_or_default().to_owned();
    Ok(Shown { picture: ink.picture(&member.values, alt, caption)?, wrong })
}

fn line(facts: &Facts<'_>, c: usize) -> ClusterLine {
    let text = |members: Option<&Vec<Member>>| {
        let member = |member: &Member| {
            let class = facts.class_of(member.row).map(|class| format!(" {class}")).unwrap_or_default();
            format!("{}{class} ({})", facts.row_name(member.row), grouped(member.distance))
        };
        members
            .map(|members| members.iter().take(3).map(member).collect::<Vec<_>>().join(", "))
            .unwrap_or_default()
    };
    ClusterLine {
        name: facts.label(c),
        about: about(facts, c),
        nearest: text(facts.gathered.as_ref().map(|gathered| &gathered.nearest[c])),
        farthest: text(facts.gathered.as_ref().map(|gathered| &gathered.farthest[c])),
    }
}
